// `leeward router`: the data plane of one region, told what to do by the agent beside it.

import { join } from "node:path";
import { openDisk } from "../drivers/disk/disk.ts";
import { makePeers } from "../drivers/http/peers.ts";
import { machineInstants } from "../router/instants.ts";
import { makeRouter } from "../router/router.ts";
import { wireVersion } from "../wire/version.ts";
import { makeContext, messageOf, type PlaceFlags, Refusal, sayReady } from "./context.ts";

export type RouterFlags = PlaceFlags & { readonly region: string };

export async function runRouter(file: string, flags: RouterFlags): Promise<number> {
  const context = makeContext(file, flags, `router ${flags.region}`);
  const here = context.system.regions.find((region) => region.name === flags.region);
  const { router: listen, agent } = here ?? {};
  if (listen === undefined || agent === undefined) {
    throw new Refusal(
      `${file} does not give both \`agent\` and \`router\` addresses for the region ${flags.region}.`,
      2,
    );
  }
  const peers = makePeers({
    token: context.token,
    via: context.via,
    version: wireVersion,
    caller: `router ${flags.region}`,
  });
  const router = makeRouter({
    region: flags.region,
    listen,
    token: context.token,
    via: context.dial,
    disk: await openDisk(join(context.state, "router")),
    log: context.log,
    instants: machineInstants,
    configSource: (request, deadlineMs) => peers.call(agent, "router-config", request, deadlineMs),
  });
  const at = await router.start().catch((error: unknown) => {
    throw new Refusal(messageOf(error), 3);
  });
  sayReady({ role: "router", region: flags.region, http: at.http, peer: at.peer });
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  await router.stop();
  peers.close();
  return 0;
}
