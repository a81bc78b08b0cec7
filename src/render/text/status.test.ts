import { describe, expect, test } from "vitest";
import { type HistoryView, historyText } from "./history.ts";
import { type StatusView, statusText } from "./status.ts";

const calm: StatusView = {
  system: "shop",
  sentence: "north is primary of storefront and serves",
  store: { ok: true, why: "" },
  groups: [
    {
      group: "storefront",
      sentence: "north is primary of storefront and serves",
      epoch: 2,
      primary: "north",
      promotable: ["north", "south"],
      traffic: { generation: 4, primary: "north", mode: "open" },
      lease: { ageMs: 212, ttlMs: 2_200, writable: true },
      paused: false,
      policy: "automatic",
      diagnoses: [],
      decision: { kind: "hold", reason: "north is primary of storefront and serves" },
      links: [
        {
          service: "orders",
          from: "north",
          to: "south",
          streaming: true,
          lagBytes: 1_240,
          lagMs: 18,
          lossBoundMs: 2_030,
        },
      ],
    },
  ],
  regions: [
    { region: "north", witness: false, agentHeardMsAgo: 120, trouble: [] },
    { region: "south", witness: false, agentHeardMsAgo: 88, trouble: ["orders: no space left on the disk"] },
    { region: "watch", witness: true, trouble: [] },
  ],
};

describe("status on a terminal", () => {
  test("is this, when all is well", () => {
    expect(statusText(calm)).toBe(`\
North is primary of storefront and serves

storefront
  primary     north, epoch 2; may be promoted: south
  users       are led to north (generation 4)
  lease       renewed 212 ms ago, lasts 2.20 s
  copy        orders north to south: streams, 1.2 kB behind, 18 ms late, a failover now would lose
              at most 2.03 s
  decision    hold: north is primary of storefront and serves
  policy      automatic

regions
  north  serves   heard 120 ms ago
  south  serves   heard 88 ms ago   orders: no space left on the disk
  watch  witness  never heard
`);
  });

  test("ends a group with the head of its audit trail, where the screen is large enough", () => {
    const [group] = calm.groups;
    const hash = "9f3a0c1d2e4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0".slice(0, 64);
    const told: StatusView = {
      ...calm,
      groups: [{ ...(group as NonNullable<typeof group>), trail: { entries: 1_204, hash } }],
    };
    expect(statusText(told)).toContain(
      "\n  policy      automatic\n  trail       entry 1,204, head 9f3a0c1d2e4b\n\nregions",
    );
    expect(statusText(told, { compact: true })).not.toContain("trail");
  });

  test("puts the next command under the question, and open steps under the run", () => {
    const [group] = calm.groups;
    const asked: StatusView = {
      ...calm,
      store: { ok: false, why: "the store does not answer" },
      groups: [
        {
          ...(group as NonNullable<typeof group>),
          promotable: ["north"],
          paused: true,
          lease: { ageMs: 3_000, ttlMs: 2_200, writable: true },
          diagnoses: [{ name: "region-unreachable", sentence: "north is unreachable", sinceMs: 4_200 }],
          decision: {
            kind: "ask",
            reason: "a failover may lose more than is allowed",
            next: "leeward approve storefront",
            lossBoundMs: 45_000,
          },
          run: {
            id: "failover-storefront-3",
            kind: "failover",
            from: "north",
            to: "south",
            result: "running",
            resultReason: "",
            steps: [
              { id: "check.target@south", outcome: "done", reason: "" },
              { id: "fence.epoch@south", outcome: "running", reason: "epoch 3 names south" },
            ],
          },
        },
      ],
    };
    const text = statusText(asked);
    for (const line of [
      "store: the store does not answer",
      "storefront  automation is paused",
      "  primary     north, epoch 2; nobody else may be promoted",
      "  lease       renewed 3.00 s ago, lasts 2.20 s: run out",
      "  seen        north is unreachable (for 4.20 s)",
      "  at stake    at most 45 s of writes",
      "  do next     leeward approve storefront",
      "  run         failover north to south, running; 1 of 2 begun steps ended (failover-storefront-3)",
      "              running   epoch 3 names south",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
  });
});

describe("what is decided, what is not, and why", () => {
  const [group] = calm.groups;
  const withGroup = (change: Partial<StatusView["groups"][number]>): string =>
    statusText({ ...calm, groups: [{ ...(group as NonNullable<typeof group>), ...change }], regions: [] });

  test("evidence stands under what is seen; reasons, targets and commands under the decision", () => {
    const text = withGroup({
      diagnoses: [
        {
          name: "service-degraded",
          sentence: "web in north is degraded: about 20 % of answers fail",
          sinceMs: 12_000,
          evidence: { statistic: 31.24, threshold: 21.17, vantages: ["south", "watch"] },
        },
      ],
      decision: {
        kind: "ask",
        rule: "degraded-ask",
        reason: "web in north is degraded; a switch would lose at most 2.2 s",
        until: "kari says yes, or web answers again for 3 s",
        waiting: "a fifth of the orders fail",
        next: "leeward approve storefront",
        lossBoundMs: 2_200,
        question: { id: 4, askedMsAgo: 12_400, reminders: 1, expiresInMs: 587_600 },
        considered: [
          { region: "west", rank: 2, why: "", refusedWhy: "its copy never streamed" },
          { region: "south", rank: 1, why: "the nearest that is caught up", lossBoundMs: 2_200 },
        ],
      },
      maintenance: [{ region: "east", by: "kari" }],
      flaps: { withinMs: 3_600_000, switches: 1, switchesMax: 3, alarms: 2, alarmsMax: 6 },
      routes: [
        { route: "shop.example.com", ttlMs: 5_000, usualTtlMs: 30_000, why: "north is in doubt" },
        { route: "calm.example.com", ttlMs: 30_000, usualTtlMs: 30_000 },
      ],
      links: [],
    });
    expect(text).toBe(`\
North is primary of storefront and serves

storefront
  primary     north, epoch 2; may be promoted: south
  users       are led to north (generation 4)
  lease       renewed 212 ms ago, lasts 2.20 s
  seen        web in north is degraded: about 20 % of answers fail
              service-degraded for 12 s: statistic 31.2, threshold 21.2, seen by south, watch
  decision    ask: web in north is degraded; a switch would lose at most 2.2 s
  until       kari says yes, or web answers again for 3 s
  at stake    at most 2.20 s of writes
  waiting     a fifth of the orders fail
  question    number 4, asked 12.4 s ago, expires in 9.8 min, reminded 1 time
  do next     leeward approve storefront
  or          leeward deny storefront; leeward why storefront
  targets     south could take over, losing at most 2.20 s: the nearest that is caught up
              west not: its copy never streamed
  taken out   east, by kari
  flaps       within 60 min: 1 of 3 switches, in trouble 2 of 6 times; then a person is asked
  users       may remember shop.example.com for 5 s instead of 30 s: north is in doubt
  policy      automatic
`);
  });

  test("a run under way shows its phases and how to steer it; a silent agent stands out", () => {
    const text = withGroup({
      run: {
        id: "failover-3",
        kind: "failover",
        from: "north",
        to: "south",
        result: "running",
        resultReason: "",
        expectedMs: 2_320,
        startedAt: 0,
        steps: [
          { id: "check@south", phase: "check", outcome: "done", reason: "" },
          { id: "promote@south", phase: "data", outcome: "done", reason: "" },
          { id: "scale@south", phase: "data", outcome: "running", reason: "2 of 4 replicas are ready" },
        ],
      },
    });
    expect(text).toContain(`
  run         failover north to south, running, users wait 2.32 s as planned; 2 of 3 begun steps
              ended (failover-3)
              check done, data 1 of 2
              running   2 of 4 replicas are ready
`);
    expect(text).toContain("\n  commands    leeward run pause failover-3\n");
    const silent = statusText(
      { ...calm, regions: [{ region: "north", witness: false, agentHeardMsAgo: 4_000, trouble: [] }] },
      { color: true },
    );
    expect(silent).toContain("\u001b[31;1mheard 4.00 s ago\u001b[0m");
  });
});

describe("history on a terminal", () => {
  const at = Date.UTC(2026, 10, 21, 6, 3, 12, 345);
  const history: HistoryView = {
    system: "shop",
    events: [
      {
        atMs: at + 8,
        kind: "decided",
        group: "storefront",
        region: "south",
        sentence: "north is unreachable; south takes over",
      },
      { atMs: at, kind: "seen", group: "storefront", region: "north", sentence: "north is unreachable" },
    ],
    runs: [
      {
        id: "failover-storefront-3",
        kind: "failover",
        group: "storefront",
        from: "north",
        to: "south",
        startedAt: at + 10,
        endedAt: at + 1_920,
        result: "done",
        resultReason: "users write in south",
        lossBoundMs: 2_140,
        steps: [
          {
            id: "check.target@south",
            region: "south",
            startedAt: at + 11,
            endedAt: at + 12,
            outcome: "done",
            reason: "south may take over",
          },
          {
            id: "fence.fence.orders@north",
            region: "north",
            startedAt: at + 12,
            endedAt: 0,
            outcome: "running",
            reason: "",
          },
        ],
      },
    ],
  };

  test("is in the order of time, whatever order it came in", () => {
    expect(historyText(history)).toBe(`\
shop: 1 run; the last, a failover from north to south, ended done after 1.91 s.

2026-11-21, UTC
  06:03:12.345  seen     north  north is unreachable
  06:03:12.353  decided  south  north is unreachable; south takes over

storefront: a failover from north to south, done in 1.91 s; at most 2.14 s of writes were at stake;
users write in south (failover-storefront-3)
      at    took  region  ended    what and why
  0.00 s  0.00 s  south   done     south may take over
  0.00 s          north   running  fence.fence.orders@north
`);
  });

  test("says so when nothing happened", () => {
    expect(historyText({ system: "shop", events: [], runs: [] })).toBe("Nothing happened to shop in this time.\n");
  });
});
