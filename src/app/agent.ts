// `leeward agent`: one region's agent with the drivers of its services.

import { join } from "node:path";
import { Agent } from "../agent/agent.ts";
import { makeRpc } from "../api/rpc.ts";
import { makeClock } from "../drivers/clock/clock.ts";
import { openDisk } from "../drivers/disk/disk.ts";
import { makePeers } from "../drivers/http/peers.ts";
import { serveFetch } from "../drivers/http/serve.ts";
import { makeProber } from "../drivers/probe/probe.ts";
import { wireVersion } from "../wire/version.ts";
import { hostAndPort, makeContext, type PlaceFlags, Refusal, sayReady } from "./context.ts";
import { tend } from "./tend.ts";

export type AgentFlags = PlaceFlags & { readonly region: string };

const stopWithinMs = 2_000;
const shutdownWithinMs = 20_000;

export async function runAgent(file: string, flags: AgentFlags): Promise<number> {
  const context = makeContext(file, flags, `agent ${flags.region}`);
  const { system, log } = context;
  const here = system.regions.find((region) => region.name === flags.region);
  if (here?.agent === undefined)
    throw new Refusal(
      `${file} does not say where the agent of ${flags.region} answers: regions.${flags.region}.agent.`,
      2,
    );
  if (!system.regions.some((region) => region.controller !== undefined)) {
    throw new Refusal(
      `${file} names no controller, so this agent would have nobody to report to: add regions.NAME.controller.`,
      2,
    );
  }
  const clock = makeClock();
  const disk = await openDisk(join(context.state, "agent"));
  const tended = tend(context, here.name);
  const peers = makePeers({
    token: context.token,
    via: context.via,
    version: wireVersion,
    caller: `agent ${here.name}`,
  });
  const prober = makeProber({ via: context.via, secretOf: context.secret });
  const agent = await Agent.open({
    system,
    region: here.name,
    fingerprint: context.fingerprint,
    lease: context.lease,
    clock,
    disk,
    peers,
    prober,
    chance: Math.random,
    log,
    tended,
    machineInstantIn: (ms) => clock.machineInstantIn(ms),
    via: context.dial,
    pid: process.pid,
    processes: () => [],
  });
  if (!(agent instanceof Agent)) {
    throw new Refusal(
      `${agent.why}\nIt holds promises that this agent made and must not forget. If the file is lost for good: make sure that no controller is switching now, move the file away, start the agent again; it then waits for a whole hold and learns the record from the controller.`,
      3,
    );
  }
  const rpc = makeRpc({
    token: context.token,
    role: `agent ${here.name}`,
    deepHealth: (group) => agent.deepHealth(group),
    onError: (call, error) =>
      log.write("error", "api", `${call} failed: ${error instanceof Error ? error.message : String(error)}`),
    handlers: {
      hold: (request) => agent.hold(request),
      lease: (request) => agent.lease(request),
      order: (request) => agent.order(request),
      route: (request) => agent.route(request),
      "router-config": (request) => agent.routerConfig(request),
      "agent-status": async () => agent.status(),
    },
  });
  const serving = await serveFetch({ fetch: rpc.fetch, ...hostAndPort(here.agent) });
  if (serving.kind === "refused") throw new Refusal(serving.why, 3);

  // Ctrl-C ends the region with everything in it; SIGTERM ends only the agent, and the next one takes over what runs.
  const stop = new AbortController();
  let everything = false;
  process.once("SIGTERM", () => stop.abort(new Error("SIGTERM")));
  process.once("SIGINT", () => {
    everything = true;
    stop.abort(new Error("SIGINT"));
  });
  sayReady({ role: "agent", region: here.name, url: serving.url });
  await agent.run(stop.signal);
  if (everything) await agent.shutdown(shutdownWithinMs);
  await serving.stop(stopWithinMs);
  peers.close();
  prober.close();
  return 0;
}
