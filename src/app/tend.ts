// From a service's type to the driver that looks after it in a region. The one place where types meet drivers.

import { isIPv4 } from "node:net";
import { join, resolve } from "node:path";
import type { Tended } from "../agent/caretaker.ts";
import type { RegionName, RouterAddresses, Service } from "../core/model/system.ts";
import { PostgresDriver } from "../drivers/postgres/index.ts";
import { childrenOf, gone, isAlive, kill, look, ProcessService, startProcess } from "../drivers/process/index.ts";
import { type Context, hostAndPort, Refusal } from "./context.ts";

type Maker = (context: Context, service: Service, region: RegionName) => Tended;

const makers: Readonly<Record<string, Maker>> = { postgresql, http: replicas, process: replicas };

export function tend(context: Context, region: RegionName): ReadonlyMap<string, Tended> {
  const here = context.system.services.filter(
    (service) => service.in[region] !== undefined && service.group !== undefined,
  );
  return new Map(
    here.flatMap((service): [string, Tended][] => {
      const maker = makers[service.type];
      // A type that only the catalog knows is moved by its owner; Leeward plans around it.
      return maker === undefined ? [] : [[service.name, maker(context, service, region)]];
    }),
  );
}

function postgresql(context: Context, service: Service, region: RegionName): Tended {
  const placement = service.in[region];
  const url = placement?.url;
  if (url === undefined || placement?.password === undefined) {
    throw new Refusal(`${service.name} in ${region} needs \`url\` and \`password\`, or no agent can look after it.`, 2);
  }
  const parsed = new URL(url);
  const state = join(context.state, service.name);
  const upstreams = Object.entries(service.in).flatMap(([other, one]) => {
    if (other === region || one.url === undefined) return [];
    const { host, port } = hostAndPort(one.url);
    const dialled = context.dial(`${host}:${port}`);
    const colon = dialled.lastIndexOf(":");
    return [[other, { host: dialled.slice(0, colon), port: Number(dialled.slice(colon + 1)) }] as const];
  });
  const driver = new PostgresDriver({
    service: service.name,
    region,
    ...hostAndPort(url),
    user: decodeURIComponent(parsed.username) || "leeward",
    password: context.needSecret(placement.password),
    database: decodeURIComponent(parsed.pathname.slice(1)) || "postgres",
    dataFolder: placement.data === undefined ? join(state, "data") : resolve(context.folder, placement.data),
    stateFolder: state,
    ...(placement.bin === undefined ? {} : { binFolder: resolve(context.folder, placement.bin) }),
    upstreams: Object.fromEntries(upstreams),
    allowFrom: neighbours(context),
    settings: {},
    processes: { startProcess, look, isAlive, childrenOf, kill, gone },
    log: context.log,
  });
  const { host, port } = hostAndPort(url);
  return { driver, kind: "tcp", database: true, origins: () => [`${host}:${port}`] };
}

function replicas(context: Context, service: Service, region: RegionName): Tended {
  if (service.run === undefined)
    throw new Refusal(`${service.name} has no \`run.command\`, so no agent can start it.`, 2);
  const url = service.in[region]?.url;
  const isHttp = service.type === "http";
  if (isHttp && url === undefined)
    throw new Refusal(`${service.name} in ${region} needs \`url\`: its first replica's address.`, 2);
  const listen = isHttp && url !== undefined ? hostAndPort(url) : undefined;
  const driver = new ProcessService({
    service: service.name,
    type: isHttp ? "http" : "process",
    command: service.run.command,
    env: environment(context, service, region),
    cwd: resolve(context.folder, service.run.cwd ?? "."),
    ...(listen === undefined ? {} : { host: listen.host, firstPort: listen.port }),
    ...(isHttp ? { health: { path: service.health.path, timeoutMs: service.health.timeoutMs ?? 1_000 } } : {}),
    stateFolder: join(context.state, service.name),
    log: context.log,
  });
  return { driver, kind: isHttp ? "http" : "none", database: false, origins: () => driver.origins() };
}

/** What a replica sees: where it is, and how to reach what it needs, through the router beside it. Nothing else of ours. */
function environment(context: Context, service: Service, region: RegionName): Record<string, string> {
  const router = context.system.regions.find((one) => one.name === region)?.router;
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? "",
    LEEWARD_REGION: region,
    ...rehearsalMarks(),
    ...service.run?.env,
  };
  for (const name of service.needs) {
    const needed = context.system.services.find((one) => one.name === name);
    const placement = needed?.in[region];
    const address = router?.tcp[name];
    if (placement?.url === undefined || address === undefined) continue;
    const url = new URL(placement.url);
    url.host = address;
    const variable = name.toUpperCase().replaceAll("-", "_");
    env[`LEEWARD_URL_${variable}`] = url.href;
    if (placement.password !== undefined) env[`LEEWARD_PASSWORD_${variable}`] = context.needSecret(placement.password);
  }
  return env;
}

/** Who may connect with the password: this machine, its own networks, and every host that the manifest names. */
function neighbours(context: Context): readonly string[] {
  const { regions, services } = context.system;
  const named = [
    ...regions.flatMap((region) => [region.agent, region.controller, ...routerAddresses(region.router)]),
    ...services.flatMap((service) => Object.values(service.in).map((placement) => placement.url)),
  ].flatMap((address) =>
    address === undefined ? [] : [new URL(address.includes("://") ? address : `tcp://${address}`).hostname],
  );
  const networks = named.map((host) => {
    if (isIPv4(host)) return `${host}/32`;
    return host.startsWith("[") ? `${host.slice(1, -1)}/128` : host;
  });
  return [...new Set(["127.0.0.1/32", "::1/128", "samenet", ...networks])];
}

function routerAddresses(router: RouterAddresses | undefined): readonly string[] {
  return router === undefined ? [] : [router.http, router.peer];
}

/** By these a rehearsal finds what a killed agent has left behind. */
function rehearsalMarks(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("LEEWARD_LAB_"))) as Record<
    string,
    string
  >;
}
