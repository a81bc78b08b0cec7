// `Prober`: one look at one target, by default each over a new connection: a kept one would not notice that no new ones are accepted.
//
// 1. A failure is an answer. Nothing here throws, and each look ends by its deadline. One that found nothing by then may go on listening
//    in the background for a bounded time, for an answer that is late tells slow from dead.
// 2. Nothing stays behind: a socket is destroyed at the end of its look, and a command's whole process group is ended.
// 3. Healthy is what answers healthily now: 200 to 399, but not 202, which says that something will be done later.
// 4. A look that was not made, or during which this process itself was held up, says nothing about the target: it is left out, and said.

import { performance } from "node:perf_hooks";
import type { LateAnswer, ProbeResult, Prober, ProbeSkipped, ProbeTarget } from "../../ports/probe.ts";
import type { Via } from "./address.ts";
import { lookByCommand } from "./command.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import { lookAtDns } from "./dns.ts";
import { HttpLooks } from "./http.ts";
import { Load } from "./load.ts";
import { type Finding, ill, type Look } from "./look.ts";
import { Names } from "./names.ts";
import { SqlLooks } from "./sql.ts";
import { lookAtTcp } from "./tcp.ts";

export type ProberSettings = {
  /** Addresses as they must be dialled from here, `host:port` -> `host:port`. */
  readonly via: Via;
  /** The value behind a target's `password`, which is a reference (`env:NAME`, `file:PATH`) as it stands in the manifest. */
  readonly secretOf: (
    reference: string,
  ) => { readonly kind: "secret"; readonly value: string } | { readonly kind: "missing"; readonly why: string };
  /** Authorities that sign certificates, as PEM. Left out: those that Node knows, and what NODE_EXTRA_CA_CERTS adds. */
  readonly authorities?: string;
};

/** A prober that holds connections open where that was asked for, until it is closed. */
export type OwnProber = Prober & { trouble(): string | undefined; close(): void };

type Kinds = {
  readonly [K in ProbeTarget["kind"]]: (
    target: Extract<ProbeTarget, { readonly kind: K }>,
    look: Look,
  ) => Promise<Finding>;
};

/** A secret is looked up anew after so long, not at every probe: its file may lie on a slow disk. */
const secretKeptMs = 30_000;
const secretsKeptMax = 256;
/** A failure counts only if this process was running for at least half of the time that the target was given. */
const heldUpShare = 0.5;

/** Looks that listen on after their time was up; more are ended then. They take the place of no look that is due. */
const listeningMax = 256;

const onlyOk = { status: [{ from: 200, to: 200 }] };

export function makeProber({ via, secretOf, authorities }: ProberSettings): OwnProber {
  const deadlines = new Deadlines();
  const load = new Load(() => deadlines.lateMs);
  const names = new Names();
  const http = new HttpLooks();
  const sql = new SqlLooks();
  const secrets = keeping(secretOf);
  let listening = 0;

  const kinds: Kinds = {
    http: (target, look) => http.look(target.url, target, look),
    agent: (target, look) => http.look(`${target.url.replace(/\/+$/, "")}/healthz`, onlyOk, look),
    tcp: (target, look) => lookAtTcp(target.address, target, look),
    dns: (target, look) => lookAtDns(target.server, target, look),
    command: (target, look) => lookByCommand(target, target.env, look),
    sql: (target, look) => {
      if (target.password === undefined) return sql.look(target.url, undefined, target, look);
      const password = secrets(target.password);
      // A secret that is missing here says nothing of the database, but nobody would be told if it did not fail.
      return password.kind === "missing"
        ? Promise.resolve(ill(password.why))
        : sql.look(target.url, password.value, target, look);
    },
  };

  return {
    async probe(target, timeoutMs, lateMs = timeoutMs) {
      const tooMuch = load.enter();
      if (tooMuch !== undefined) return { skipped: true, why: tooMuch };
      const waits: Parameters<Look["onDeadline"]>[] = [];
      const look: Look = {
        via,
        names,
        authorities,
        onDeadline: (...wait) => {
          waits[0] = wait;
        },
      };
      const end = (finding: Finding): void => waits[0]?.[1](finding);
      const soFar = (withinMs: number): Finding =>
        waits[0]?.[0](withinMs) ?? ill(`It did not end within ${withinMs} ms.`);
      const until = Math.min(lateMs, target.latencyMaxMs ?? lateMs);
      let goesOn = (_: ProbeResult): void => {};
      const missed = new Promise<ProbeResult>((resolve) => {
        goesOn = resolve;
      });
      const deadline = deadlines.begin(timeoutMs, () => {
        const finding = soFar(timeoutMs);
        const result = resultOf(finding, target, timeoutMs, deadline);
        if ("skipped" in result || result.ok || until <= timeoutMs || listening >= listeningMax) return end(finding);
        listening += 1;
        const last = deadlines.begin(until - timeoutMs, () => end(soFar(until)));
        deadline.end();
        const late = looked.then((found): LateAnswer | undefined => {
          listening -= 1;
          const answer = resultOf(found, target, until, deadline);
          last.end();
          return "ok" in answer && answer.ok ? { roundTripMs: answer.roundTripMs } : undefined;
        });
        goesOn({ ...result, late });
      });
      // The compiler cannot follow a table this far: the row of a kind takes the targets of that kind.
      const lookAt = async () =>
        (kinds[target.kind] as (target: ProbeTarget, look: Look) => Promise<Finding>)(target, look);
      const looked = lookAt().catch((error: unknown) =>
        ill(`It could not be looked at (${error instanceof Error ? error.name : "an unexpected error"}).`),
      );
      const result = await Promise.race([
        looked.then((finding) => resultOf(finding, target, timeoutMs, deadline)),
        missed,
      ]);
      deadline.end();
      load.leave();
      if ("skipped" in result)
        load.skip(result.why.replace(/\.$/, "").replace(/^[A-Z]/, (first) => first.toLowerCase()));
      return result;
    },
    trouble: () => load.sentence(),
    close() {
      http.close();
      sql.close();
    },
  };
}

function resultOf(
  finding: Finding,
  target: ProbeTarget,
  timeoutMs: number,
  deadline: Deadline,
): ProbeResult | ProbeSkipped {
  const roundTripMs = performance.now() - deadline.startedMs;
  if (finding.well === undefined) return { skipped: true, why: finding.why };
  const lostMs = deadline.lostMs();
  const tooLate = target.latencyMaxMs !== undefined && roundTripMs > target.latencyMaxMs;
  if ((!finding.well || tooLate) && lostMs >= heldUpShare * Math.min(timeoutMs, target.latencyMaxMs ?? timeoutMs))
    return { skipped: true, why: `This prober itself was held up for ${Math.round(lostMs)} ms of a look.` };
  if (!finding.well)
    return { ok: false, roundTripMs, why: finding.why, ...(finding.busy === true ? { busy: true } : {}) };
  if (tooLate)
    return {
      ok: false,
      roundTripMs,
      why: `It answered after ${Math.round(roundTripMs)} ms, and may take ${target.latencyMaxMs} ms.`,
    };
  return { ok: true, roundTripMs, ...(finding.warning === undefined ? {} : { warning: finding.warning }) };
}

function keeping(secretOf: ProberSettings["secretOf"]): ProberSettings["secretOf"] {
  const secrets = new Map<string, { readonly secret: ReturnType<ProberSettings["secretOf"]>; readonly atMs: number }>();
  return (reference) => {
    const known = secrets.get(reference);
    if (known !== undefined && performance.now() - known.atMs < secretKeptMs) return known.secret;
    if (secrets.size >= secretsKeptMax) secrets.clear();
    const secret = secretOf(reference);
    // One that is missing may be put in place at any moment.
    if (secret.kind === "secret") secrets.set(reference, { secret, atMs: performance.now() });
    return secret;
  };
}
