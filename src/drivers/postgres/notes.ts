// What a member must remember of itself across restarts: which system it belongs to, which part it was last given, and when it
// last streamed. A copy that has never streamed from its primary is never promoted, however small the lag it shows.

import { mkdir, rm } from "node:fs/promises";
import type { PartPlayed } from "./by-hand.ts";
import type { ControlFile } from "./control-file.ts";
import { readJson, writeDurably } from "./durable.ts";
import { DriverError } from "./errors.ts";
import { pathsOf, type Site } from "./site.ts";

type Part = {
  readonly part: PartPlayed;
  readonly epoch: number;
  readonly sync: boolean;
  readonly standbys: readonly string[];
};

export type Streamed = {
  readonly systemIdentifier: string;
  readonly timeline: number;
  /** Wall clock, for people. */
  readonly at: string;
  /** Received up to here, bytes as decimal string. */
  readonly received: string;
};

export async function readPart(site: Site): Promise<Part | undefined> {
  const value = (await readJson(pathsOf(site).part)) as Partial<Part> | undefined;
  const { part, epoch, sync, standbys } = value ?? {};
  if ((part !== "primary" && part !== "standby" && part !== "fenced") || typeof epoch !== "number") return undefined;
  return { part, epoch, sync: sync === true, standbys: Array.isArray(standbys) ? standbys : [] };
}

/** Durable on return. */
export async function writePart(site: Site, part: Part): Promise<void> {
  await mkdir(site.stateFolder, { recursive: true });
  await writeDurably(pathsOf(site).part, `${JSON.stringify(part)}\n`, 0o600, site.as);
}

export async function readStreamed(site: Site): Promise<Streamed | undefined> {
  const value = (await readJson(pathsOf(site).streamed)) as Partial<Streamed> | undefined;
  const { systemIdentifier, timeline, at, received } = value ?? {};
  if (typeof systemIdentifier !== "string" || typeof timeline !== "number") return undefined;
  if (typeof at !== "string" || typeof received !== "string") return undefined;
  return { systemIdentifier, timeline, at, received };
}

export async function writeStreamed(site: Site, streamed: Streamed): Promise<void> {
  await writeDurably(pathsOf(site).streamed, `${JSON.stringify(streamed)}\n`, 0o600, site.as);
}

/** A new copy has to prove itself again. Before anything is copied. */
export async function forgetStreamed(site: Site): Promise<void> {
  await rm(pathsOf(site).streamed, { force: true });
}

/** Remembers which system this member belongs to; what it belongs to never changes. */
export async function writeIdentity(site: Site, systemIdentifier: string): Promise<void> {
  const note = { service: site.service, region: site.region, systemIdentifier };
  await writeDurably(pathsOf(site).identity, `${JSON.stringify(note)}\n`, 0o600, site.as);
}

async function readIdentity(site: Site): Promise<string | undefined> {
  const value = (await readJson(pathsOf(site).identity)) as { systemIdentifier?: unknown } | undefined;
  return typeof value?.systemIdentifier === "string" ? value.systemIdentifier : undefined;
}

/** Throws when the data folder holds the data of another system: someone moved a folder or mixed up two paths. Touches nothing. */
export async function checkIdentity(site: Site, control: ControlFile): Promise<void> {
  const known = await readIdentity(site);
  if (known === undefined || known === control.systemIdentifier) return;
  throw new DriverError(
    "another-system",
    "never",
    `The data folder ${site.dataFolder} belongs to another system: its identifier is ${control.systemIdentifier}, that of ${site.service} is ${known}. Nothing was touched. Give ${site.service} in ${site.region} its own folder, or, if this data is meant, remove ${pathsOf(site).identity}.`,
  );
}
