import { describe, expect, test } from "vitest";
import type { Group, Region, Route, Service, System } from "../model/system.ts";
import { controlPlaneOf } from "./control-plane.ts";
import { cutsOf } from "./cuts.ts";
import { componentGraph } from "./graph.ts";
import type { Knowledge, MethodKnowledge, ServiceKnowledge, Source, SwitchStep } from "./knowledge.ts";
import { judgeOf, recovers } from "./recovers.ts";
import { changedEverywhere, copiesBeyond, sharedAcrossRegions, sharedFateOf, usesOf } from "./shared-fate.ts";

const source: Source = { title: "a test", asOf: "2026-11-21" };

function method(more: Partial<MethodKnowledge>): MethodKnowledge {
  return {
    id: "usual",
    name: "the usual way",
    kind: "replication",
    modes: ["async"],
    between: "any",
    requires: [],
    directions: "two-way",
    readableTarget: false,
    consistency: "eventual",
    startedBy: "customer",
    rpo: [],
    rto: [],
    constraints: [],
    loses: [],
    dependsOn: [],
    costFactor: { share: 1, why: "", source },
    switch: { out: [], back: [] },
    source,
    ...more,
  };
}

function type(id: string, more: Partial<ServiceKnowledge>): ServiceKnowledge {
  return {
    id,
    name: id,
    area: "data",
    scope: "regional",
    reach: "any-region",
    holdsData: true,
    templates: { arm: [], cloudFormation: [], terraform: [], kubernetes: [] },
    settings: {},
    controlPlane: undefined,
    defaultMethod: "usual",
    methods: [method({})],
    facts: [],
    disagreements: [],
    ...more,
  };
}

const step = (more: Partial<SwitchStep>): SwitchStep => ({
  what: "promote",
  phase: "data",
  by: "customer",
  expectedSeconds: 1,
  ...more,
});

function knowing(...types: readonly ServiceKnowledge[]): Knowledge {
  return {
    serviceOf: (id) => types.find((known) => known.id === id),
    regionOf: () => undefined,
    roundTripOf: () => undefined,
    egressPriceOf: () => undefined,
    countriesOf: () => undefined,
  };
}

const region = (name: string, more: Partial<Region> = {}): Region => ({
  name,
  at: `site/${name}`,
  witness: false,
  ...more,
});

function service(name: string, places: readonly string[], more: Partial<Service> = {}): Service {
  return {
    name,
    type: "thing",
    needs: [],
    replicas: { primary: 2, standby: 2 },
    health: { path: "/", everyMs: 1_000 },
    in: Object.fromEntries(places.map((place) => [place, {}])),
    ...more,
  };
}

const route = (to: string, more: Partial<Route> = {}): Route => ({
  name: "shop.example.com",
  to,
  policy: "priority",
  ttlMs: 1_000,
  whenAllDown: "keep-last",
  ...more,
});

function system(parts: {
  readonly regions?: readonly Region[];
  readonly services: readonly Service[];
  readonly routes?: readonly Route[];
  readonly group?: Partial<Group>;
  readonly accepted?: System["accepted"];
}): System {
  return {
    version: 1,
    name: "shop",
    regions: parts.regions ?? [region("north"), region("south"), region("hub")],
    objectives: { rtoMs: 1, rpoMs: 1, falseFailoverMs: 1, residency: [] },
    groups: [
      {
        name: "store",
        primary: ["north", "south"],
        pattern: "warm-standby",
        failover: "automatic",
        maxDataLossMs: 0,
        coolDownMs: 0,
        ...parts.group,
      },
    ],
    services: parts.services,
    routes: parts.routes ?? [route("web")],
    jobs: [],
    control: {
      lease: { ttlMs: 1, renewEveryMs: 1, callTimeoutMs: 1, holdMs: 1, drift: 0 },
      probeEveryMs: 1,
      notify: [],
    },
    ...(parts.accepted === undefined ? {} : { accepted: parts.accepted }),
  };
}

const both = ["north", "south"];
const web = (more: Partial<Service> = {}): Service => service("web", both, { group: "store", ...more });
const cutsIn = (described: System, world: Knowledge = knowing()) =>
  sharedFateOf(described, world).sharedFate.map(({ cut, path }) => ({ cut, path }));

describe("who takes over", () => {
  test("two regions with everything in both survive the loss of either, and share nothing", () => {
    const shop = system({ services: [web({ needs: ["orders"] }), service("orders", both, { group: "store" })] });
    const judge = judgeOf(componentGraph(shop, knowing()));
    expect(judge.recoversFrom(["north"])).toMatchObject({
      recovers: true,
      targets: [{ group: "store", to: "south" }],
      why: "store is taken over by south.",
    });
    expect(judge.recoversFrom(["south"]).targets).toEqual([{ group: "store", to: "north" }]);
    expect(judge.recoversFrom(["north", "south"])).toMatchObject({
      recovers: false,
      targets: [{ group: "store", to: null }],
      routes: [{ route: "shop.example.com", served: false }],
    });
    expect(cutsIn(shop)).toEqual([]);
  });

  test("a need that moves with another group is wherever that group is", () => {
    const shop = system({ services: [web({ needs: ["stock"] }), service("stock", both, { group: "depot" })] });
    const two: System = {
      ...shop,
      groups: [
        ...shop.groups,
        ...shop.groups.map((group) => ({ ...group, name: "depot", primary: ["south", "north"] })),
      ],
    };
    const { targets, recovers: all } = recovers(componentGraph(two, knowing()), ["south"]);
    expect(all).toBe(true);
    expect(targets).toEqual([
      { group: "store", to: "north" },
      { group: "depot", to: "north" },
    ]);
  });

  test("what is of use in its own region only helps nobody elsewhere", () => {
    const world = knowing(type("connection", { reach: "own-region" }));
    const shop = system({ services: [web({ needs: ["link"] }), service("link", ["north"], { type: "connection" })] });
    expect(recovers(componentGraph(shop, world), ["north"]).path).toEqual([
      "shop.example.com",
      "web@south",
      "no link in south",
    ]);
    expect(sharedFateOf(shop, world).sharedFate.map(({ cut, why }) => ({ cut, why }))).toEqual([
      {
        cut: ["link"],
        why: "Without link in north nobody serves the users of shop.example.com: link is in north only.",
      },
    ]);
    expect(sharedAcrossRegions(shop, world)).toEqual([
      { user: "web", in: "south", need: "link", for: "running", from: [] },
    ]);
  });
});

describe("shared fate", () => {
  test("one third party that both sides call is told with the way down to it", () => {
    const shop = system({
      services: [
        web({ needs: ["checkout"] }),
        service("checkout", both, { needs: ["cards"] }),
        service("cards", ["hub"]),
      ],
    });
    expect(cutsIn(shop)).toEqual([
      { cut: ["cards"], path: ["shop.example.com", "web@south", "checkout@south", "cards@hub"] },
    ]);
  });

  test("two third parties that stand in for one another are no shared fate", () => {
    const shop = system({
      regions: [region("north"), region("south"), region("hub"), region("hub-2")],
      services: [web({ needs: ["cards"] }), service("cards", ["hub", "hub-2"])],
    });
    expect(cutsIn(shop)).toEqual([]);
  });

  test("two shared things of which either is enough are a cut of two", () => {
    const shop = system({
      regions: [
        region("north"),
        region("south"),
        region("one", { shares: ["dns/a"] }),
        region("two", { shares: ["dns/a"] }),
      ],
      services: [
        web({ needs: ["names"] }),
        service("names", ["one", "two", "north-names"], {}),
        service("also", both, { shares: ["dns/b"] }),
      ],
    });
    const described: System = {
      ...shop,
      regions: [...shop.regions, region("north-names", { shares: ["dns/b"] }), region("rest", { shares: ["dns/b"] })],
    };
    expect(cutsIn(described)).toContainEqual({
      cut: ["dns/a", "dns/b"],
      path: ["shop.example.com", "web@south", "names@north-names", "north-names", "dns/b"],
    });
  });

  test("what is needed only to start counts once the home region is lost, and not before", () => {
    const shop = system({ services: [web({ startNeeds: ["registry"] }), service("registry", ["hub"])] });
    const { cuts } = cutsOf(componentGraph(shop, knowing()));
    expect(cuts.map(({ lost, components, path }) => ({ lost, cut: components.map(({ name }) => name), path }))).toEqual(
      [
        {
          lost: ["north"],
          cut: ["registry"],
          path: ["shop.example.com", "web@south", "start of web@south", "registry@hub"],
        },
      ],
    );
    const active = system({ services: shop.services, group: { pattern: "active-active" } });
    expect(cutsIn(active)).toEqual([]);
  });

  test("what the first missing thing hides is told as well, as if that were mended", () => {
    const shop = system({
      services: [
        web({ needs: ["sessions"], startNeeds: ["registry"] }),
        service("sessions", ["north"]),
        service("registry", ["hub"]),
      ],
    });
    expect(sharedFateOf(shop, knowing()).sharedFate.map(({ cut, why }) => ({ cut, why }))).toEqual([
      {
        cut: ["sessions"],
        why: "Without sessions in north nobody serves the users of shop.example.com: sessions is in north only.",
      },
      {
        cut: ["registry"],
        why: "Once north is lost, even with sessions elsewhere, without registry in hub nobody serves the users of shop.example.com: registry is in hub only. The same goes for the region hub.",
      },
    ]);
  });

  test("what is needed to start and lies in the lost region is told as that", () => {
    const shop = system({ services: [web({ startNeeds: ["registry"] }), service("registry", ["north"])] });
    expect(sharedFateOf(shop, knowing()).sharedFate).toEqual([
      {
        cut: ["registry"],
        path: ["shop.example.com", "web@south", "start of web@south", "registry@north"],
        why: "When north is lost, registry goes with it, and nobody serves the users of shop.example.com: registry is in north only.",
      },
    ]);
  });

  test("one account over both regions is told, with what its deletion would leave", () => {
    const regions = [region("north", { account: "prod" }), region("south", { account: "prod" })];
    const vault = { name: "vault", in: "north", everyMs: 1, holdMs: 0, transferMs: 0 };
    const shop = system({ regions, services: [web({ copies: [vault] })] });
    const spared = system({ regions, services: [web({ copies: [{ ...vault, account: "elsewhere" }] })] });
    expect(cutsIn(shop)[0]?.cut).toEqual(["account prod"]);
    expect(sharedFateOf(shop, knowing()).sharedFate[0]?.why).toContain("no copy of the data is outside it");
    expect(copiesBeyond(shop, "prod")).toEqual([]);
    expect(copiesBeyond(spared, "prod")).toEqual([{ service: "web", copy: "vault" }]);
    expect(sharedFateOf(spared, knowing()).sharedFate[0]?.why).toContain("what is left is the copy vault of web");
  });

  test("many things in one region alone are told as the region", () => {
    const names = Array.from({ length: 9 }, (_, i) => `part-${i}`);
    const shop = system({ services: [web({ needs: names }), ...names.map((name) => service(name, ["north"]))] });
    const [first, ...more] = sharedFateOf(shop, knowing()).sharedFate;
    expect(first?.cut).toEqual(["north"]);
    expect(first?.why).toContain("part-0, part-1, part-2 and 6 more are there only");
    expect(more).toEqual([]);
  });

  test("a front that is one for all regions, and a change that reaches all of them", () => {
    const world = knowing(type("front", { scope: "global" }));
    const shop = system({
      services: [web({ changes: "everywhere" }), service("edge", [], { type: "front" })],
      routes: [route("web", { through: "edge" })],
    });
    expect(cutsIn(shop, world)).toEqual([
      { cut: ["edge"], path: ["shop.example.com", "edge"] },
      { cut: ["change of web"], path: ["shop.example.com", "web@south", "change of web"] },
    ]);
    expect(changedEverywhere(shop).map(({ name }) => name)).toEqual(["web"]);
  });

  test("acceptance names a thing of the cut or of the way, until its day", () => {
    const accepted = [{ rule: "shared-fate", of: "cards", why: "there is only one", until: "2026-12-01" }];
    const shop = system({ services: [web({ needs: ["cards"] }), service("cards", ["hub"])], accepted });
    const on = (today: string) => sharedFateOf(shop, knowing(), { today }).sharedFate[0]?.accepted;
    expect(on("2026-12-01")).toBe("there is only one");
    expect(on("2026-12-02")).toBeUndefined();
  });

  test("no more is told than asked for, and the rest is counted", () => {
    const names = Array.from({ length: 12 }, (_, i) => `party-${i}`);
    const shop = system({ services: [web({ needs: names }), ...names.map((name) => service(name, ["hub"]))] });
    const { sharedFate, leftOut } = sharedFateOf(shop, knowing(), { most: 4 });
    expect([sharedFate.length, leftOut]).toEqual([4, 9]);
  });
});

describe("control planes of a switch", () => {
  const orders = (id: string): Service => service("orders", both, { type: id, group: "store" });
  const rows = (described: System, world: Knowledge) =>
    controlPlaneOf(described, world, componentGraph(described, world)).map(({ lost, service: of, needs, stands }) => ({
      lost,
      of,
      needs,
      stands,
    }));

  test("a step that asks the lost region falls with it, unless another one does the same without", () => {
    const stuck = type("cloud/stuck", {
      methods: [method({ switch: { out: [step({ needs: "source-region" })], back: [] } })],
    });
    const free = type("cloud/free", {
      methods: [
        method({ switch: { out: [step({ needs: "source-region" }), step({ needs: "target-region" })], back: [] } }),
      ],
    });
    const of = (id: string) => system({ services: [orders(id)], routes: [route("orders")] });
    expect(rows(of("cloud/stuck"), knowing(stuck))).toEqual([
      { lost: "north", of: "orders", needs: "north", stands: false },
    ]);
    expect(judgeOf(componentGraph(of("cloud/stuck"), knowing(stuck))).recoversFrom(["north"]).recovers).toBe(false);
    expect(rows(of("cloud/free"), knowing(free))).toEqual([
      { lost: "north", of: "orders", needs: "south", stands: true },
    ]);
    expect(judgeOf(componentGraph(of("cloud/free"), knowing(free))).recoversFrom(["north"]).recovers).toBe(true);
  });

  test("an interface of one place is named, and falls when the lost region is that place", () => {
    const dns = type("aws/names", {
      methods: [method({ switch: { out: [step({ needs: "aws/us-east-1" })], back: [] } })],
    });
    const shop = (at: string) =>
      system({
        regions: [region("north", { at }), region("south")],
        services: [orders("aws/names")],
        routes: [route("orders")],
      });
    expect(rows(shop("aws/us-east-1"), knowing(dns))[0]).toMatchObject({ needs: "aws/us-east-1", stands: false });
    expect(rows(shop("aws/eu-north-1"), knowing(dns))[0]).toMatchObject({ needs: "aws/us-east-1", stands: true });
    expect(cutsIn(shop("aws/eu-north-1"), knowing(dns))).toEqual([
      {
        cut: ["aws/us-east-1"],
        path: ["shop.example.com", "orders@south", "switch of orders to south", "promote", "aws/us-east-1"],
      },
    ]);
  });

  test("a global interface is one thing for a provider, and takes the recovery with it", () => {
    const sql = type("azure/sql", {
      methods: [method({ dependsOn: [{ what: "the manager", where: "global", source }] })],
    });
    const shop = system({ services: [orders("azure/sql")], routes: [route("orders")] });
    expect(rows(shop, knowing(sql))[0]).toMatchObject({ needs: "global control plane of azure", stands: true });
    expect(cutsIn(shop, knowing(sql))[0]?.cut).toEqual(["global control plane of azure"]);
  });

  test("a watchdog in the region it watches is lost with it", () => {
    const shop = system({
      services: [web(), service("dog", ["north"], { watches: { region: "north", everyMs: 1 } })],
    });
    expect(rows(shop, knowing())).toEqual([{ lost: "north", of: "dog", needs: "dog in north", stands: false }]);
    expect(cutsIn(shop)[0]).toEqual({
      cut: ["dog"],
      path: ["shop.example.com", "web@south", "switch of web to south", "watchdog of north", "dog@north"],
    });
  });

  test("the only controller in the lost region decides nothing any more", () => {
    const steps = { establish: [], leave: [], protect: [] };
    const ours = type("thing", { methods: [method({ steps })] });
    const shop = (controllers: readonly string[]) =>
      system({
        regions: ["north", "south", "hub"].map((name) =>
          region(name, controllers.includes(name) ? { controller: `http://${name}` } : {}),
        ),
        services: [web()],
      });
    expect(rows(shop(["north"]), knowing(ours))).toEqual([
      { lost: "north", of: "store", needs: "controller in north", stands: false },
    ]);
    expect(judgeOf(componentGraph(shop(["north"]), knowing(ours))).recoversFrom(["north"]).recovers).toBe(false);
    expect(cutsIn(shop(["hub"]), knowing(ours)).map(({ cut }) => cut)).toEqual([["hub"]]);
    expect(cutsIn(shop(["hub", "south"]), knowing(ours))).toEqual([]);
  });
});

test("who uses which instance, to run and to start", () => {
  const shop = system({
    services: [
      web({ needs: ["cache"], startNeeds: ["registry"] }),
      service("cache", both),
      service("registry", ["hub"]),
    ],
  });
  expect(usesOf(shop, knowing())).toEqual([
    { user: "web", in: "north", need: "cache", for: "running", from: ["north"] },
    { user: "web", in: "south", need: "cache", for: "running", from: ["south"] },
    { user: "web", in: "north", need: "registry", for: "starting", from: ["hub"] },
    { user: "web", in: "south", need: "registry", for: "starting", from: ["hub"] },
  ]);
});
