// What a vantage looks at in the other regions, and how: each region's agent, and each service in the way that its manifest says or, left
// out there, in the way of its type.

import type { HealthProbe } from "../core/model/health-probe.ts";
import { regionOf } from "../core/model/select.ts";
import type { Placement, RegionName, Service, System } from "../core/model/system.ts";
import type { ProbeTarget } from "../ports/probe.ts";

/** The pseudo service of a region's agent: is anybody there at all. */
export const agentTarget = "agent";

export type WatchedTarget = {
  readonly region: RegionName;
  readonly service: string;
  readonly probe: ProbeTarget;
  readonly timeoutMs?: number;
};

/**
 * `primaries`: the regions that are primary now. Web services behind a router are looked at only there: a standby's router leads back to
 * the primary.
 */
export function targetsOf(
  system: System,
  vantage: RegionName,
  primaries: ReadonlySet<RegionName>,
): readonly WatchedTarget[] {
  return system.regions
    .filter((region) => region.name !== vantage)
    .flatMap((region): WatchedTarget[] => {
      const agent: WatchedTarget[] =
        region.agent === undefined
          ? []
          : [{ region: region.name, service: agentTarget, probe: { kind: "agent", url: region.agent } }];
      const services = system.services.flatMap((service): WatchedTarget[] => {
        const placement = service.in[region.name];
        const probe =
          placement === undefined
            ? undefined
            : probeOf({ system, vantage, region: region.name, service, placement }, primaries);
        if (probe === undefined) return [];
        const { timeoutMs } = service.health;
        return [
          { region: region.name, service: service.name, probe, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
        ];
      });
      return [...agent, ...services];
    });
}

type Place = {
  readonly system: System;
  readonly vantage: RegionName;
  readonly region: RegionName;
  readonly service: Service;
  readonly placement: Placement;
};

function probeOf(place: Place, primaries: ReadonlySet<RegionName>): ProbeTarget | undefined {
  const { service, region, system } = place;
  const said = service.health.probe;
  const router = regionOf(system, region).router;
  // Where users reach it: at the region's router, as long as that leads to this region.
  const isRouted = service.type === "http" && router !== undefined && (said === undefined || said.kind === "http");
  if (isRouted) {
    if (!primaries.has(region)) return undefined;
    return { ...said, kind: "http", url: `http://${router.http}${service.health.path}` };
  }
  if (said !== undefined) return saidProbeOf(said, place);
  return service.type === "postgresql" ? sqlOf({ kind: "sql" }, place) : undefined;
}

/** In the way that the manifest says, at the place's own address. Undefined: it has none that this kind could look at. */
function saidProbeOf(said: HealthProbe, place: Place): ProbeTarget | undefined {
  const { service, placement, region, vantage } = place;
  const at = addressIn(placement.url);
  switch (said.kind) {
    case "http":
    case "https": {
      if (at === undefined) return undefined;
      const { kind, ...expected } = said;
      return { ...expected, kind: "http", url: `${kind}://${at}${service.health.path}` };
    }
    case "tcp":
      return at === undefined ? undefined : { ...said, address: at };
    case "dns": {
      const server = said.server ?? at;
      return server === undefined ? undefined : { ...said, server };
    }
    case "sql":
      return sqlOf(said, place);
    case "command":
      return {
        ...said,
        env: {
          LEEWARD_VANTAGE: vantage,
          LEEWARD_REGION: region,
          LEEWARD_SERVICE: service.name,
          ...(placement.url === undefined ? {} : { LEEWARD_URL: placement.url }),
        },
      };
    default:
      return said satisfies never;
  }
}

function sqlOf(said: Extract<HealthProbe, { readonly kind: "sql" }>, { placement }: Place): ProbeTarget | undefined {
  if (placement.url === undefined) return undefined;
  return {
    ...said,
    url: placement.url,
    ...(placement.password === undefined ? {} : { password: placement.password }),
  };
}

/** `host:port` of an address; each scheme's usual port where none is written. */
function addressIn(url: string | undefined): string | undefined {
  const found = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/?#@]*@)?(\[[0-9A-Fa-f:.]+\]|[^/?#:@]+)(?::(\d{1,5}))?(?:[/?#]|$)/i.exec(
    url ?? "",
  );
  if (found === null) return undefined;
  const port = found[3] ?? usualPorts[(found[1] ?? "").toLowerCase()];
  return port === undefined ? undefined : `${found[2]}:${port}`;
}

const usualPorts: Readonly<Record<string, string>> = {
  http: "80",
  https: "443",
  dns: "53",
  postgres: "5432",
  postgresql: "5432",
  mysql: "3306",
  redis: "6379",
  amqp: "5672",
  amqps: "5671",
};
