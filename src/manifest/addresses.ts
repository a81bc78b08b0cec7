// Who listens where. Two things on one address can never both start, and which of them wins would be chance.

import { isMovedByAgents, serviceTypeOf } from "../catalog/load.ts";
import type { Service, System } from "../core/model/system.ts";
import { error, type Finding, type Path } from "./problem.ts";
import { addressPattern } from "./values.ts";

type Listener = { readonly host: string; readonly port: number; readonly path: Path; readonly what: string };

export function addressFindings(system: System): readonly Finding[] {
  const taken = new Map<string, string>();
  const told = new Set<string>();
  const findings: Finding[] = [];
  for (const listener of listenersOf(system)) {
    const key = `${listener.host}:${listener.port}`;
    const other = taken.get(key);
    const place = listener.path.join("/");
    if (other === undefined) taken.set(key, listener.what);
    else if (!told.has(place)) {
      findings.push(
        error(
          listener.path,
          "address-taken",
          `${key} is taken already, by ${other}; ${listener.what} cannot listen there too.`,
          "Give one of the two another port.",
        ),
      );
      told.add(place);
    }
  }
  return findings;
}

function* listenersOf(system: System): Generator<Listener> {
  for (const region of system.regions) {
    const path: Path = ["regions", region.name];
    const { agent, controller, router } = region;
    if (agent !== undefined) yield* fromUrl(agent, [...path, "agent"], `the agent of ${region.name}`, 1);
    if (controller !== undefined)
      yield* fromUrl(controller, [...path, "controller"], `the controller in ${region.name}`, 1);
    if (router === undefined) continue;
    yield* fromAddress(router.http, [...path, "router", "http"], `the router of ${region.name} (http)`);
    yield* fromAddress(router.peer, [...path, "router", "peer"], `the router of ${region.name} (peer)`);
    for (const [service, address] of Object.entries(router.tcp)) {
      yield* fromAddress(address, [...path, "router", "tcp", service], `the router of ${region.name} (${service})`);
    }
  }
  for (const service of system.services) {
    // Platforms put many services behind one address.
    const type = serviceTypeOf(service.type);
    if (type !== undefined && !isMovedByAgents(type)) continue;
    for (const [region, placement] of Object.entries(service.in)) {
      if (placement.url === undefined) continue;
      yield* fromUrl(
        placement.url,
        ["services", service.name, "in", region, "url"],
        `${service.name} in ${region}`,
        portsOf(service),
      );
    }
  }
}

/** Replicas that the agent starts listen from the given port upwards. */
function portsOf(service: Service): number {
  return service.run === undefined ? 1 : Math.max(1, service.replicas.primary, service.replicas.standby);
}

function* fromAddress(address: string, path: Path, what: string): Generator<Listener> {
  const match = addressPattern.exec(address);
  if (match !== null) yield { host: plainHost(match[1] ?? ""), port: Number(match[2]), path, what };
}

function* fromUrl(url: string, path: Path, what: string, ports: number): Generator<Listener> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  // A host without a letter or a digit stands for one that has been left out, as in an example.
  if (parsed === undefined || !/[a-z0-9]/i.test(parsed.hostname)) return;
  const scheme = parsed.protocol.slice(0, -1);
  const port = parsed.port === "" ? usualPort(scheme) : Number(parsed.port);
  if (port === undefined) return;
  for (let i = 0; i < ports; i++) yield { host: plainHost(parsed.hostname), port: port + i, path, what };
}

function usualPort(scheme: string): number | undefined {
  if (scheme === "http") return 80;
  if (scheme === "https") return 443;
  return scheme.startsWith("postgres") ? serviceTypeOf("postgresql")?.defaultPort : undefined;
}

function plainHost(host: string): string {
  const lower = host.toLowerCase();
  return lower === "localhost" || lower === "[::1]" ? "127.0.0.1" : lower;
}
