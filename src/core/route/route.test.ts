import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mayAcknowledge } from "./acknowledge.ts";
import { mergeConfig, withoutWindows } from "./change.ts";
import { type GroupRoute, isBefore, isSafeMethod, type RouteConfig, serviceOfHost } from "./config.ts";
import { decideForPeer, decideForUser, type ForwardFacts } from "./forward.ts";
import { originsToUse, pickOrigin } from "./origins.ts";

const shop = (over: Partial<GroupRoute> = {}): GroupRoute => ({
  group: "shop",
  generation: 5,
  epoch: 3,
  primary: "north",
  mode: "open",
  ...over,
});
const window = { monotonicMs: 1_000, wallMs: 5_000 };
const inWindow = { monotonicMs: 999, wallMs: 4_999 };
const facts = (over: Partial<ForwardFacts> = {}): ForwardFacts => ({
  region: "north",
  service: "web",
  group: shop({ writeUntil: window }),
  origins: ["a:1"],
  closed: false,
  peer: undefined,
  safe: false,
  now: inWindow,
  ...over,
});
const south = { region: "south", group: shop(), peer: "north:7" };

describe("decideForUser", () => {
  const rows: readonly [string, Partial<ForwardFacts>, object][] = [
    ["hands a write to an origin inside the window", {}, { kind: "local", epoch: 3, origins: ["a:1"] }],
    [
      "keeps a write at the monotonic end of the window",
      { now: { ...inWindow, monotonicMs: 1_000 } },
      { kind: "hold" },
    ],
    ["keeps a write at the wall-clock end of the window", { now: { ...inWindow, wallMs: 5_000 } }, { kind: "hold" }],
    ["keeps a write while there is no window", { group: shop() }, { kind: "hold" }],
    ["lets a read go without a window", { group: shop(), safe: true }, { kind: "local", epoch: 3 }],
    ["keeps everything in hold", { group: shop({ mode: "hold", writeUntil: window }), safe: true }, { kind: "hold" }],
    ["keeps what it knows no group of", { group: undefined }, { kind: "hold" }],
    [
      "sends what is served elsewhere to the primary",
      south,
      { kind: "peer", region: "north", epoch: 3, address: "north:7" },
    ],
    [
      "refuses what is served elsewhere at no address",
      { ...south, peer: undefined },
      { kind: "refuse", status: 503, executed: false },
    ],
    ["waits for an origin", { origins: [] }, { kind: "hold" }],
    [
      "refuses at once where the route is to be closed",
      { origins: [], closed: true },
      { kind: "refuse", executed: false },
    ],
  ];
  it.each(rows)("%s", (_, over, expected) => {
    expect(decideForUser(facts(over))).toMatchObject(expected);
  });
});

describe("decideForPeer", () => {
  const rows: readonly [string, number, Partial<ForwardFacts>, object][] = [
    ["takes what was sent under its own epoch", 3, {}, { kind: "local", epoch: 3 }],
    ["refuses a lower epoch", 2, {}, { kind: "refuse", status: 503, executed: false }],
    ["refuses a read of a lower epoch too", 2, { safe: true }, { kind: "refuse" }],
    ["waits for its own configuration at a higher epoch", 4, {}, { kind: "hold" }],
    [
      "refuses in hold, so that the sender keeps it",
      3,
      { group: shop({ mode: "hold" }) },
      { kind: "refuse", status: 503 },
    ],
    ["refuses when the primary is elsewhere", 3, { ...south }, { kind: "refuse", status: 503 }],
    ["refuses a write past the window", 3, { now: { monotonicMs: 2_000, wallMs: 0 } }, { kind: "refuse", status: 503 }],
    ["refuses a write without a window", 3, { group: shop() }, { kind: "refuse", status: 503 }],
    ["refuses without origins", 3, { origins: [] }, { kind: "refuse", status: 503 }],
    ["refuses while it knows no group", 3, { group: undefined }, { kind: "refuse", status: 503 }],
  ];
  it.each(rows)("%s", (_, claimed, over, expected) => {
    expect(decideForPeer(facts(over), claimed)).toMatchObject(expected);
  });
});

describe("mayAcknowledge", () => {
  const write = { epoch: 3, to: "north", safe: false };
  it("says yes inside the window, under the epoch in force", () => {
    expect(mayAcknowledge(write, shop({ writeUntil: window }), "north", inWindow)).toEqual({ kind: "yes" });
  });
  it("says that a shut window may reopen, a changed epoch not", () => {
    expect(mayAcknowledge(write, shop(), "north", inWindow)).toMatchObject({ kind: "unknown", mayReopen: true });
    expect(mayAcknowledge(write, shop({ epoch: 4, writeUntil: window }), "north", inWindow)).toMatchObject({
      mayReopen: false,
    });
    expect(mayAcknowledge(write, undefined, "north", inWindow)).toMatchObject({ mayReopen: false });
  });
  it("asks an edge for its epoch only", () => {
    expect(mayAcknowledge(write, shop(), "south", { monotonicMs: 9e9, wallMs: 9e9 })).toEqual({ kind: "yes" });
    expect(mayAcknowledge(write, shop({ epoch: 4, primary: "south" }), "south", inWindow).kind).toBe("unknown");
  });
  it("lets a read through past the window, but not past its epoch", () => {
    const read = { ...write, safe: true };
    expect(mayAcknowledge(read, shop(), "north", inWindow).kind).toBe("yes");
    expect(mayAcknowledge(read, shop({ epoch: 4 }), "north", inWindow).kind).toBe("unknown");
  });
  it("never acknowledges a write at or after either clock of writeUntil (I1)", () => {
    const ms = fc.integer({ min: 0, max: 20 });
    const at = fc.record({ monotonicMs: ms, wallMs: ms });
    fc.assert(
      fc.property(at, fc.option(at, { nil: undefined }), fc.integer({ min: 2, max: 4 }), (now, until, epoch) => {
        const group = until === undefined ? shop({ epoch }) : shop({ epoch, writeUntil: until });
        const verdict = mayAcknowledge(write, group, "north", now);
        const allowed =
          until !== undefined && now.monotonicMs < until.monotonicMs && now.wallMs < until.wallMs && epoch === 3;
        expect(verdict.kind === "yes").toBe(allowed);
        if (verdict.kind === "unknown") expect(verdict.why.length).toBeGreaterThan(10);
      }),
    );
  });
});

const config = (groups: readonly GroupRoute[], over: Partial<RouteConfig> = {}): RouteConfig => ({
  serial: 1,
  region: "north",
  groups,
  services: [],
  routes: [],
  peers: {},
  ...over,
});

describe("mergeConfig", () => {
  it("drops work of a lower epoch when the epoch grows", () => {
    const merged = mergeConfig(config([shop()]), config([shop({ epoch: 4, generation: 6, primary: "south" })]));
    expect(merged.changes).toMatchObject([{ group: "shop", dropBelowEpoch: 4 }]);
  });
  it("drops nothing when only the mode changes", () => {
    const held = mergeConfig(config([shop()]), config([shop({ mode: "hold", generation: 6 })]));
    expect(held.changes).toMatchObject([{ dropBelowEpoch: undefined }]);
    expect(mergeConfig(held.config, config([shop({ generation: 7 })])).changes).toHaveLength(1);
  });
  it("does not call a moved window a change, nor worth keeping", () => {
    const merged = mergeConfig(config([shop()]), config([shop({ writeUntil: window })], { serial: 9 }));
    expect(merged).toMatchObject({ changes: [], worthKeeping: false });
    expect(merged.config.groups[0]?.writeUntil).toEqual(window);
  });
  it("leaves a lower generation aside, says so, and shuts the window it does not confirm", () => {
    const merged = mergeConfig(
      config([shop({ writeUntil: window })]),
      config([shop({ generation: 4, primary: "south" })]),
    );
    expect(merged.ignored).toHaveLength(1);
    expect(merged.config.groups).toEqual([shop()]);
  });
  it("keeps a group that is not mentioned, without its window", () => {
    expect(mergeConfig(config([shop({ writeUntil: window })]), config([])).config.groups).toEqual([shop()]);
  });
  it("never goes back in generation or epoch, and never forwards under a lower epoch, in any order of arrival (I5)", () => {
    const offered = fc.record({
      generation: fc.integer({ min: 0, max: 6 }),
      epoch: fc.integer({ min: 0, max: 6 }),
      primary: fc.constantFrom("north", "south"),
      mode: fc.constantFrom("open" as const, "hold" as const),
      hasWindow: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(offered, { maxLength: 12 }), (all) => {
        let inForce: RouteConfig | undefined;
        let epochMax = 0;
        for (const { hasWindow, ...route } of all) {
          const before = inForce?.groups[0];
          const next = hasWindow ? shop({ ...route, writeUntil: window }) : shop(route);
          const merged = mergeConfig(inForce, config([next]));
          inForce = merged.config;
          const now = inForce.groups[0] as GroupRoute;
          const isOlder = before !== undefined && (route.generation < before.generation || route.epoch < before.epoch);
          expect(merged.ignored.length > 0).toBe(isOlder);
          if (before !== undefined) {
            expect(now.generation).toBeGreaterThanOrEqual(before.generation);
            expect(now.epoch).toBeGreaterThanOrEqual(before.epoch);
          }
          expect(now.writeUntil !== undefined).toBe(hasWindow && !isOlder);
          epochMax = Math.max(epochMax, now.epoch);
          for (const region of ["north", "south"]) {
            const decision = decideForUser(facts({ region, group: now, peer: "p:1" }));
            if (decision.kind === "local" || decision.kind === "peer") expect(decision.epoch).toBe(epochMax);
          }
        }
      }),
    );
  });
  it("keeps everything but the windows for a restart", () => {
    expect(withoutWindows(config([shop({ writeUntil: window })]))).toEqual(config([shop()]));
  });
});

describe("origins", () => {
  const sets = { ready: [], last: ["b:1"], known: ["a:1", "b:1"] };
  it("uses what is ready, else what the policy says (I6)", () => {
    expect(originsToUse({ ...sets, ready: ["c:1"] }, "closed")).toEqual(["c:1"]);
    expect(originsToUse(sets, "keep-last")).toEqual(["b:1"]);
    expect(originsToUse(sets, "open")).toEqual(["a:1", "b:1"]);
    expect(originsToUse(sets, "closed")).toEqual([]);
  });
  it("never answers emptiness without a sentence (I6)", () => {
    const some = fc.record({
      origins: fc.constantFrom<readonly string[]>([], ["a:1"]),
      closed: fc.boolean(),
      safe: fc.boolean(),
      region: fc.constantFrom("north", "south"),
      peer: fc.constantFrom(undefined, "p:1"),
      now: fc.record({ monotonicMs: fc.integer({ min: 0, max: 2_000 }), wallMs: fc.integer({ min: 0, max: 9_000 }) }),
    });
    fc.assert(
      fc.property(some, fc.integer({ min: 2, max: 4 }), (over, claimed) => {
        for (const decision of [decideForUser(facts(over)), decideForPeer(facts(over), claimed)]) {
          if (decision.kind === "local") expect(decision.origins.length).toBeGreaterThan(0);
          else if (decision.kind !== "peer") expect(decision.why.length).toBeGreaterThan(20);
        }
      }),
    );
  });
  it("takes the least busy one, in turn among equals, and leaves out what refused", () => {
    const state = new Map([
      ["a:1", { inFlight: 2, ejectedUntilMs: 0 }],
      ["c:1", { inFlight: 0, ejectedUntilMs: 50 }],
    ]);
    const pick = (turn: number, nowMs: number) =>
      pickOrigin(["a:1", "b:1", "c:1", "d:1"], (origin) => state.get(origin), nowMs, turn);
    expect([0, 1, 2, 3].map((turn) => pick(turn, 10))).toEqual(["b:1", "b:1", "d:1", "d:1"]);
    expect(pick(2, 50)).toBe("c:1");
    expect(pickOrigin(["c:1"], (origin) => state.get(origin), 10, 0)).toBeUndefined();
    expect(pickOrigin([], () => undefined, 0, 0)).toBeUndefined();
  });
  it("spreads evenly over idle origins", () => {
    const seen = new Map<string, number>();
    for (let turn = 0; turn < 9; turn++) {
      const origin = pickOrigin(["a:1", "b:1", "c:1"], () => undefined, 0, turn) as string;
      seen.set(origin, (seen.get(origin) ?? 0) + 1);
    }
    expect([...seen.values()]).toEqual([3, 3, 3]);
  });
});

describe("config", () => {
  it("knows the methods that promise to change nothing", () => {
    expect(["GET", "HEAD", "OPTIONS"].every(isSafeMethod)).toBe(true);
    expect(["POST", "PUT", "PATCH", "DELETE", "TRACE", "get", ""].some(isSafeMethod)).toBe(false);
  });
  it("compares both clocks", () => {
    expect(isBefore(inWindow, window)).toBe(true);
    expect(isBefore({ ...inWindow, wallMs: 5_001 }, window)).toBe(false);
  });
  it("routes by host without port and case; an only route takes all", () => {
    const a = { host: "a.example", service: "a" };
    const b = { host: "B.example", service: "b" };
    expect(serviceOfHost([a], "anything")).toBe("a");
    expect(serviceOfHost([a, b], "b.EXAMPLE:8080")).toBe("b");
    expect(serviceOfHost([a, b], "c.example")).toBeUndefined();
    expect(serviceOfHost([a, b], undefined)).toBeUndefined();
    expect(serviceOfHost([], "a.example")).toBeUndefined();
  });
});
