// Who recovers, beside a second, dumb reading of the manifest that knows nothing of gates; and every cut that is told, beside it.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Region, Service, System } from "../model/system.ts";
import { cutsOf } from "./cuts.ts";
import { componentGraph } from "./graph.ts";
import type { Knowledge } from "./knowledge.ts";
import { judgeOf } from "./recovers.ts";

const nobody: Knowledge = {
  serviceOf: () => undefined,
  regionOf: () => undefined,
  roundTripOf: () => undefined,
  egressPriceOf: () => undefined,
  countriesOf: () => undefined,
};

const places = ["north", "south", "hub"] as const;

/** Small systems of everything that the manifest can say about shared fate; needs may run in circles. */
const systems: fc.Arbitrary<System> = fc
  .record({
    regions: fc.array(
      fc.record({
        shared: fc.option(fc.constantFrom("dns/a", "power/b")),
        account: fc.option(fc.constantFrom("p", "q")),
      }),
      { minLength: 3, maxLength: 3 },
    ),
    services: fc.array(
      fc.record({
        in: fc.subarray([...places], { minLength: 1 }),
        grouped: fc.boolean(),
        needs: fc.array(fc.nat({ max: 5 }), { maxLength: 2 }),
        startNeeds: fc.array(fc.nat({ max: 5 }), { maxLength: 1 }),
        shared: fc.option(fc.constantFrom("dns/a", "dns/c")),
        everywhere: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    active: fc.boolean(),
    route: fc.nat({ max: 5 }),
  })
  .map((plan): System => {
    const nameOf = (index: number): string => `s${index % plan.services.length}`;
    return {
      version: 1,
      name: "small",
      regions: plan.regions.map(
        ({ shared, account }, i): Region => ({
          name: places[i] ?? "hub",
          at: `site/${places[i]}`,
          witness: false,
          ...(shared === null ? {} : { shares: [shared] }),
          ...(account === null ? {} : { account }),
        }),
      ),
      objectives: { rtoMs: 1, rpoMs: 1, falseFailoverMs: 1, residency: [] },
      groups: [
        {
          name: "store",
          primary: ["north", "south"],
          pattern: plan.active ? "active-active" : "warm-standby",
          failover: "automatic",
          maxDataLossMs: 0,
          coolDownMs: 0,
        },
      ],
      services: plan.services.map(
        (service, i): Service => ({
          name: `s${i}`,
          type: "thing",
          needs: service.needs.map(nameOf),
          startNeeds: service.startNeeds.map(nameOf),
          replicas: { primary: 1, standby: 1 },
          health: { path: "/", everyMs: 1 },
          in: Object.fromEntries(service.in.map((place) => [place, {}])),
          changes: service.everywhere ? "everywhere" : "staged",
          ...(service.grouped ? { group: "store" } : {}),
          ...(service.shared === null ? {} : { shares: [service.shared] }),
        }),
      ),
      routes: [{ name: "users", to: nameOf(plan.route), policy: "priority", ttlMs: 1, whenAllDown: "open" }],
      jobs: [],
      control: {
        lease: { ttlMs: 1, renewEveryMs: 1, callTimeoutMs: 1, holdMs: 1, drift: 0 },
        probeEveryMs: 1,
        notify: [],
      },
    };
  });

/** Lost things by id, as in components.ts. Starts from "all works" and takes away what cannot, until nothing more goes. */
function dumbly(
  system: System,
  lost: ReadonlySet<string>,
): { readonly group: string | null; readonly served: boolean } {
  const byName = new Map(system.services.map((service) => [service.name, service]));
  const group = system.groups[0];
  const stands = (region: Region): boolean =>
    !lost.has(`region:${region.name}`) &&
    !lost.has(`account:account ${region.account}`) &&
    !(region.shares ?? []).some((shared) => lost.has(`shared:${shared}`));
  const up = new Set<string>();
  for (const { name, in: placed } of system.services)
    for (const region of Object.keys(placed)) up.add(`${name}@${region}`);
  const usable = (need: string, user: Service, region: string): boolean => {
    const service = byName.get(need);
    if (service === undefined) return false;
    const regions = Object.keys(service.in);
    const moves = service.group !== undefined && user.group === undefined;
    if (!moves && regions.includes(region)) return up.has(`${need}@${region}`);
    const allowed = service.group === undefined ? regions : regions.filter((each) => group?.primary.includes(each));
    return (allowed.length > 0 ? allowed : regions).some((each) => up.has(`${need}@${each}`));
  };
  const works = (service: Service, region: string): boolean => {
    const place = system.regions.find(({ name }) => name === region);
    const regions = Object.keys(service.in);
    const instance = regions.length === 1 ? service.name : `${service.name}@${region}`;
    if (place === undefined || !stands(place) || lost.has(`instance:${instance}`)) return false;
    if ((service.shares ?? []).some((shared) => lost.has(`shared:${shared}`))) return false;
    if (regions.length > 1 && lost.has(`change:change of ${service.name}`)) return false;
    if (!service.needs.every((need) => usable(need, service, region))) return false;
    const moved = service.group !== undefined && region !== "north" && group?.pattern !== "active-active";
    return !moved || (service.startNeeds ?? []).every((need) => usable(need, service, region));
  };
  for (let changes = true; changes; ) {
    changes = false;
    for (const service of system.services) {
      for (const region of Object.keys(service.in)) {
        if (up.has(`${service.name}@${region}`) && !works(service, region)) {
          up.delete(`${service.name}@${region}`);
          changes = true;
        }
      }
    }
  }
  const members = system.services.filter((service) => service.group !== undefined);
  const target = ["north", "south"].find((region) => {
    const place = system.regions.find(({ name }) => name === region);
    return place !== undefined && stands(place) && members.every(({ name }) => up.has(`${name}@${region}`));
  });
  const called = byName.get(system.routes[0]?.to ?? "");
  const ways = called?.group === undefined ? Object.keys(called?.in ?? {}) : ["north", "south"];
  return { group: target ?? null, served: ways.some((region) => up.has(`${called?.name}@${region}`)) };
}

test("the net of gates and a dumb reading of the manifest agree, whatever is lost", () => {
  fc.assert(
    fc.property(systems, fc.array(fc.nat({ max: 40 }), { maxLength: 3 }), (system, picks) => {
      const graph = componentGraph(system, nobody);
      const lost = picks.flatMap((pick) => graph.components[pick % graph.components.length] ?? []);
      const judged = judgeOf(graph).recovers(lost.map(({ node }) => node));
      const read = dumbly(system, new Set(lost.map(({ id }) => id)));
      expect({ group: judged.targets[0]?.to, served: judged.routes[0]?.served }).toEqual(read);
      expect(judged.recovers).toBe(read.group !== null && read.served);
      expect(judged.path.length > 0).toBe(!judged.recovers);
    }),
    { numRuns: 800 },
  );
});

const falls = (system: System, lost: readonly string[]): readonly string[] => {
  const { group, served } = dumbly(system, new Set(lost));
  return [...(served ? [] : ["users"]), ...(group === null ? ["store"] : [])];
};

test("every cut that is told is one, and no part of it is", () => {
  fc.assert(
    fc.property(systems, (system) => {
      for (const { lost, assuming, components, goals, path } of cutsOf(componentGraph(system, nobody)).cuts) {
        const ids = components.map(({ id }) => id);
        const regions = lost.length === 0 ? [[]] : lost.map((region) => [`region:${region}`]);
        for (const before of regions) {
          // What a lost region alone is enough for is told as the thing there that others need.
          const there = components.length === 1 && components[0]?.region !== undefined && before.length > 0;
          const hidden = there || assuming.length > 0;
          const fallen = falls(system, [...before, ...ids]);
          expect(fallen).toEqual(expect.arrayContaining([goals[0]?.name]));
          if (!hidden) expect(falls(system, before)).not.toContain(goals[0]?.name);
          if (ids.length === 2)
            for (const id of ids) expect(falls(system, [...before, id])).not.toContain(goals[0]?.name);
        }
        expect(path.length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 400 },
  );
});

test("nothing whose loss alone hurts users goes untold: it is told itself, or by its region", () => {
  fc.assert(
    fc.property(systems, (system) => {
      const graph = componentGraph(system, nobody);
      fc.pre(falls(system, []).length === 0);
      const { cuts } = cutsOf(graph);
      const told = new Set(
        cuts.flatMap(({ components, alike }) => [...components, ...alike.flat()].map(({ id }) => id)),
      );
      const places = new Set(cuts.flatMap(({ components }) => components.flatMap(({ region }) => region ?? [])));
      for (const { id, kind, region } of graph.components) {
        if (!falls(system, [id]).includes("users")) continue;
        if (kind === "instance" || kind === "region") expect(told.has(id) || places.has(region ?? "")).toBe(true);
        else if (!told.has(id)) expect(system.regions.filter(({ name }) => places.has(name)).length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 400 },
  );
});
