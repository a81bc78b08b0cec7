// `leeward serve`: one controller with its store.

import { join } from "node:path";
import { makeRpc } from "../api/rpc.ts";
import { methodSteps } from "../catalog/load.ts";
import { Controller } from "../controller/controller.ts";
import { makeWaitingClock } from "../drivers/clock/clock.ts";
import { makePeers } from "../drivers/http/peers.ts";
import { serveFetch } from "../drivers/http/serve.ts";
import { makeNotifier } from "../drivers/notify/notify.ts";
import { openSqliteStore } from "../drivers/sqlite/store.ts";
import { wireVersion } from "../wire/version.ts";
import { hostAndPort, makeContext, type PlaceFlags, Refusal, sayReady } from "./context.ts";
import { placesOf } from "./places.ts";

export type ServeFlags = PlaceFlags;

/** For rehearsals: `kind/step/point`; the process kills itself there, as a crash would. */
const crashVariable = "LEEWARD_CRASH_AT";
const stopWithinMs = 2_000;

export async function serve(file: string, flags: ServeFlags): Promise<number> {
  const context = makeContext(file, flags, "controller");
  const { system, log } = context;
  const here = system.regions.find(
    (region) => region.controller !== undefined && (flags.region ?? region.name) === region.name,
  );
  if (here?.controller === undefined) {
    throw new Refusal(
      flags.region === undefined
        ? `${file} does not say where a controller lives: add \`controller: http://host:port\` to the region it runs in, best one that serves nothing.`
        : `${file} has no controller in ${flags.region}.`,
      2,
    );
  }
  const opened = await openSqliteStore({
    file: join(context.state, "leeward.db"),
    deadlineMs: context.lease.timing.callTimeoutMs,
  });
  if (opened.kind === "failed") throw new Refusal(opened.why, 3);
  const { store } = opened;
  const peers = makePeers({
    token: context.token,
    via: context.via,
    version: wireVersion,
    caller: `controller ${here.name}`,
  });
  const crashAt = process.env[crashVariable];
  const controller = new Controller({
    system,
    region: here.name,
    fingerprint: context.fingerprint,
    lease: context.lease,
    methods: methodSteps,
    places: placesOf(system),
    // Whoever waits for another's lease to run out must not count a wall clock that was set forward.
    clock: makeWaitingClock(),
    store,
    peers,
    notifier: makeNotifier({
      targets: system.control.notify,
      baseFolder: context.folder,
      secretOf: context.secret,
      via: context.via,
    }),
    log,
    ...(crashAt === undefined
      ? {}
      : {
          reached: (plan, step, point) => {
            if (`${plan.kind}/${step}/${point}` === crashAt) process.kill(process.pid, "SIGKILL");
          },
        }),
  });
  const foreign = await controller.belongs();
  if (foreign !== undefined) throw new Refusal(foreign, 3);

  const rpc = makeRpc({
    token: context.token,
    role: `controller ${here.name}`,
    onError: (call, error) =>
      log.write("error", "api", `${call} failed: ${error instanceof Error ? error.message : String(error)}`),
    handlers: {
      renew: (request) => controller.renew(request),
      report: async (request) => controller.report(request),
      status: async () => controller.status(),
      command: (request) => controller.command(request),
      history: (request) => controller.history(request),
      trail: (request) => controller.trail(request),
      why: (request) => controller.why(request),
    },
  });
  const serving = await serveFetch({ fetch: rpc.fetch, ...hostAndPort(here.controller) });
  if (serving.kind === "refused") {
    await store.close();
    throw new Refusal(serving.why, 3);
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(new Error(signal)));
  sayReady({ role: "controller", region: here.name, url: serving.url });
  await controller.run(stop.signal);
  await serving.stop(stopWithinMs);
  peers.close();
  await store.close();
  return 0;
}
