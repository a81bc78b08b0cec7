// The process of the users: `node main.ts CONFIG.json`, forked by the story. Reports where it stands over its channel, ends its writes
// and itself when told "stop", and dies with whoever started it.

import { readFile } from "node:fs/promises";
import { openLedger } from "./ledger.ts";
import { type LoadOptions, type LoadState, makeLoad } from "./load.ts";
import { runDirect, runStubborn } from "./stubborn.ts";

export type UsersConfig = LoadOptions & {
  readonly ledger: string;
  /** The first region's database, past every proxy. Left out: no client goes there. */
  readonly adminUrl?: string;
};

/** What the process says over its channel. */
export type UsersMessage =
  | { readonly kind: "state"; readonly state: LoadState }
  | { readonly kind: "stopped"; readonly state: LoadState };

const stateEveryMs = 50;

const file = process.argv[2];
if (file === undefined) throw new Error("usage: main.ts CONFIG.json");
const config = JSON.parse(await readFile(file, "utf8")) as UsersConfig;
const ledger = openLedger(config.ledger);
const load = makeLoad(config, ledger);
const stop = new AbortController();
process.on("message", (message) => {
  if (message === "stop") stop.abort();
});
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole terminal group; the one who started us decides when the ledger is complete.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => process.exit(0));
const say = (message: UsersMessage): void => void process.send?.(message);
const timer = setInterval(() => say({ kind: "state", state: load.state }), stateEveryMs);

const first = config.routers[0];
await Promise.all([
  load.run(stop.signal),
  first === undefined
    ? undefined
    : runStubborn({ router: first, host: config.host, run: config.run }, ledger, stop.signal),
  config.adminUrl === undefined
    ? undefined
    : runDirect({ adminUrl: config.adminUrl, run: config.run }, ledger, stop.signal),
]);
clearInterval(timer);
await ledger.close();
say({ kind: "stopped", state: load.state });
process.disconnect?.();
