// One server as this driver knows it: where it listens, where its files are, who it is. Every file of this folder takes it.

import { join } from "node:path";
import { type Owner, writeDurably } from "./durable.ts";
import type { Processes } from "./processes.ts";
import type { SqlAddress } from "./sql.ts";

export type Endpoint = { readonly host: string; readonly port: number };

export type Site = {
  readonly service: string;
  /** Its region; also its name in the primary's list of standbys (application_name). */
  readonly region: string;
  /** Where it listens. */
  readonly host: string;
  readonly port: number;
  /** The superuser, for Leeward's own sessions and for replication. */
  readonly user: string;
  readonly password: string;
  /** The users' database; made with a new cluster. */
  readonly database: string;
  readonly dataFolder: string;
  /** Ours: records, log, password files, quarantine. Never inside the data folder, which is replaced as a whole. */
  readonly stateFolder: string;
  readonly binFolder?: string;
  /** How to reach the other regions' servers, by region. It may be a proxy's address. */
  readonly upstreams: Readonly<Record<string, Endpoint>>;
  /** Networks that may connect, with the password. */
  readonly allowFrom: readonly string[];
  /** Further settings of one's own; they win over Leeward's. */
  readonly settings: Readonly<Record<string, string>>;
  readonly processes: Processes;
  readonly as?: Owner;
};

/** Where Leeward's own sessions go. The `postgres` database exists in every cluster. */
export function adminAddress(site: Site, at: Endpoint = site): SqlAddress {
  return { host: at.host, port: at.port, user: site.user, password: site.password, database: "postgres" };
}

export function pathsOf(site: Site) {
  const under = (name: string) => join(site.stateFolder, name);
  return {
    record: under("server.json"),
    log: under("server.log"),
    passFile: under("replication.pass"),
    newPassword: under("initdb.pass"),
    part: under("part.json"),
    identity: under("identity.json"),
    streamed: under("streamed.json"),
    quarantine: under("quarantine"),
    /** Beside the data folder, so that renaming it into place is one step on one file system. */
    incoming: `${site.dataFolder}.incoming`,
    replaced: `${site.dataFolder}.replaced`,
  } as const;
}

/** A slot's name may hold only lower-case letters, digits and underscores. */
export function slotOf(region: string): string {
  return `leeward_${region.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_")}`.slice(0, 63);
}

/**
 * The password for replication, in the file format of libpq, readable by the server's user only: so it is neither in the
 * configuration nor in the list of processes. https://www.postgresql.org/docs/18/libpq-pgpass.html
 */
export async function writePassFile(site: Site): Promise<string> {
  const file = pathsOf(site).passFile;
  const escaped = site.password.replaceAll(/[\\:]/g, (char) => `\\${char}`);
  await writeDurably(file, `*:*:*:${site.user}:${escaped}\n`, 0o600, site.as);
  return file;
}

/** What the server and its tools see of our environment: nothing that could change what they do. */
export const serverEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? "/usr/bin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
};
