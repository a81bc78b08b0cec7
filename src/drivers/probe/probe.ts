// `Prober`: one look at one target, each over a new connection: a kept one would not notice that no new ones are accepted.
//
// 1. A failure is an answer. Nothing here throws, and each look ends by its timeout.
// 2. Nothing stays behind: a socket is destroyed at the end of its look, at the latest at its timeout.
// 3. Healthy is what answers healthily now: 200 to 399, but not 202, which says that something will be done later.

import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import type { ProbeResult, Prober, ProbeTarget } from "../../ports/probe.ts";
import { type Address, addressOf, type Via } from "./address.ts";
import { lookAtHttp } from "./http.ts";
import { lookAtSql } from "./sql.ts";

export type ProberSettings = {
  /** Addresses as they must be dialled from here, `host:port` -> `host:port`. */
  readonly via: Via;
  /** The value behind a target's `password`, which is a reference (`env:NAME`, `file:PATH`) as it stands in the manifest. */
  readonly secretOf: (
    reference: string,
  ) => { readonly kind: "secret"; readonly value: string } | { readonly kind: "missing"; readonly why: string };
};

/** What one look found: undefined when all is well, else a sentence. Never rejects; ends by the timeout. */
export type Finding = Promise<string | undefined>;

/** A secret is looked up anew after so long, not at every probe: its file may lie on a slow disk. */
const secretKeptMs = 30_000;
const secretsKeptMax = 256;

export function makeProber({ via, secretOf }: ProberSettings): Prober {
  const secrets = new Map<string, { readonly secret: ReturnType<ProberSettings["secretOf"]>; readonly atMs: number }>();
  const passwordOf = (reference: string): ReturnType<ProberSettings["secretOf"]> => {
    const known = secrets.get(reference);
    if (known !== undefined && performance.now() - known.atMs < secretKeptMs) return known.secret;
    if (secrets.size >= secretsKeptMax) secrets.clear();
    const secret = secretOf(reference);
    // One that is missing may be put in place at any moment.
    if (secret.kind === "secret") secrets.set(reference, { secret, atMs: performance.now() });
    return secret;
  };
  return {
    async probe(target, timeoutMs) {
      const startedMs = performance.now();
      let why: string | undefined;
      try {
        why = await look(target, via, passwordOf, timeoutMs);
      } catch (error) {
        why = `It could not be looked at (${error instanceof Error ? error.name : "an unexpected error"}).`;
      }
      const roundTripMs = performance.now() - startedMs;
      return (why === undefined ? { ok: true, roundTripMs } : { ok: false, roundTripMs, why }) satisfies ProbeResult;
    },
  };
}

function look(target: ProbeTarget, via: Via, passwordOf: ProberSettings["secretOf"], timeoutMs: number): Finding {
  switch (target.kind) {
    case "http":
      return lookAtHttp(target.url, via, isHealthy, timeoutMs);
    case "agent":
      return lookAtHttp(`${target.url.replace(/\/+$/, "")}/healthz`, via, (status) => status === 200, timeoutMs);
    case "tcp": {
      const address = addressOf(target.address, via);
      return address === undefined
        ? Promise.resolve(`${target.address} is not an address of the form host:port.`)
        : lookAtTcp(address, timeoutMs);
    }
    case "sql": {
      if (target.password === undefined) return lookAtSql(target.url, via, undefined, timeoutMs);
      const password = passwordOf(target.password);
      return password.kind === "missing"
        ? Promise.resolve(password.why)
        : lookAtSql(target.url, via, password.value, timeoutMs);
    }
    default:
      return target satisfies never;
  }
}

function isHealthy(status: number): boolean {
  return status >= 200 && status < 400 && status !== 202;
}

function lookAtTcp({ host, port }: Address, timeoutMs: number): Finding {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (why: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(why);
    };
    const timer = setTimeout(() => end(`It took no connection within ${timeoutMs} ms.`), timeoutMs);
    socket.once("connect", () => end(undefined));
    socket.on("error", (error: NodeJS.ErrnoException) => end(`It took no connection (${error.code ?? error.name}).`));
  });
}
