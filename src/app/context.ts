// What every long-running command needs before it starts: the manifest, the token, the addresses of its place, its log. Whatever is
// wrong is said in a sentence, with the exit code of the contract: 2 bad input, 3 could not be carried out.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { allSafeguards, defaultLeaseConfig, type LeaseConfig, leaseProblem } from "../core/lease/timing.ts";
import type { System } from "../core/model/system.ts";
import { makeLog } from "../drivers/log/log.ts";
import { secretOf } from "../drivers/secret/secret.ts";
import { readManifest } from "../manifest/read.ts";
import { renderProblems } from "../manifest/render-problems.ts";
import type { Log } from "../ports/log.ts";

/** A reason to stop, for a person. */
export class Refusal extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

export type Manifest = {
  readonly system: System;
  readonly fingerprint: string;
  /** Relative paths in the manifest start here. */
  readonly folder: string;
};

export type PlaceFlags = {
  readonly state: string;
  readonly tokenFile: string;
  readonly via?: string;
  readonly log?: string;
  readonly region?: string;
};

export type Context = Manifest & {
  readonly state: string;
  readonly token: string;
  readonly via: Readonly<Record<string, string>>;
  readonly dial: (address: string) => string;
  readonly lease: LeaseConfig;
  readonly log: Log;
  readonly secret: (reference: string) => ReturnType<typeof secretOf>;
  /** The value itself, or a refusal: for what cannot start without it. */
  readonly needSecret: (reference: string) => string;
};

export function loadManifest(file: string): Manifest {
  const read = readManifest(file);
  if (read.kind === "bad") {
    const count = read.problems.length === 1 ? "1 problem" : `${read.problems.length} problems`;
    throw new Refusal(`${count} in ${file}\n\n${renderProblems(read.problems, read.text)}`, 2);
  }
  return { system: read.system, fingerprint: read.fingerprint, folder: dirname(resolve(file)) };
}

/** Who a state folder belongs to, as it stands in a file of its own there. */
const ownerFile = "belongs-to.json";

export function makeContext(file: string, flags: PlaceFlags, owner: string): Context {
  const manifest = loadManifest(file);
  const names = manifest.system.regions.map((region) => region.name);
  if (flags.region !== undefined && !names.includes(flags.region)) {
    throw new Refusal(`${file} has no region ${flags.region}; it has ${names.join(", ")}.`, 2);
  }
  const timing = manifest.system.control.lease;
  const problem = leaseProblem(timing, 0);
  if (problem !== undefined) throw new Refusal(`control.lease in ${file}: ${problem}`, 2);
  const state = resolve(flags.state);
  try {
    mkdirSync(state, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Refusal(
      `The state folder ${state} cannot be made: ${messageOf(error)}. Give another one with --state.`,
      3,
    );
  }
  claim(state, `${owner} of ${manifest.system.name}`);
  const via = flags.via === undefined ? {} : readVia(flags.via);
  const secret = (reference: string): ReturnType<typeof secretOf> => secretOf(reference, manifest.folder);
  return {
    ...manifest,
    state,
    token: readToken(flags.tokenFile),
    via,
    dial: (address) => via[address] ?? address,
    lease: { timing, safeguards: allSafeguards, pendingMax: defaultLeaseConfig.pendingMax },
    log: makeLog({
      to: flags.log === undefined ? { kind: "stderr" } : { kind: "file", file: flags.log },
      format: "text",
    }),
    secret,
    needSecret: (reference) => {
      const found = secret(reference);
      if (found.kind === "missing") throw new Refusal(found.why, 2);
      return found.value;
    },
  };
}

/** Promises and positions of one process must not be taken for those of another. */
function claim(state: string, owner: string): void {
  const file = join(state, ownerFile);
  if (!existsSync(file)) {
    writeFileSync(file, `${JSON.stringify({ owner })}\n`, { mode: 0o600 });
    return;
  }
  let known: unknown;
  try {
    known = (JSON.parse(readFileSync(file, "utf8")) as { readonly owner?: unknown }).owner;
  } catch (error) {
    throw new Refusal(
      `${file} cannot be read: ${messageOf(error)}. It says whose state this folder holds; give another folder with --state, or mend it.`,
      3,
    );
  }
  if (known !== owner) {
    throw new Refusal(
      `The state folder ${state} belongs to the ${String(known)}, and this is the ${owner}: give each process a --state folder of its own.`,
      3,
    );
  }
}

export function readToken(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new Refusal(
      `The token file ${file} cannot be read: ${messageOf(error)}. All processes of a system share one token; make it with:\n  (umask 077; head -c 32 /dev/urandom | base64 > ${file})`,
      2,
    );
  }
  if (token.length < 16)
    throw new Refusal(`The token in ${file} has ${token.length} characters; it must have at least 16.`, 2);
  return token;
}

function readVia(file: string): Readonly<Record<string, string>> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof value === "object" && value !== null && Object.values(value).every((one) => typeof one === "string")) {
      return value as Record<string, string>;
    }
    throw new Error('it must be a JSON object of "host:port": "host:port"');
  } catch (error) {
    throw new Refusal(`--via ${file}: ${messageOf(error)}`, 2);
  }
}

/** `http://host:port` of the manifest to what a server needs. */
export function hostAndPort(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Said on stdout once the process serves, for whoever started it. */
export function sayReady(facts: Readonly<Record<string, string | number>>): void {
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, ...facts })}\n`);
}
