import { describe, expect, test } from "vitest";
import type { Plan, Step } from "../../core/plan/plan.ts";
import { planJson, planText } from "./plan.ts";

const step = (id: string, needs: readonly string[], expectedMs: number, does: Step["does"], what: string): Step => ({
  id,
  phase: id.split(".")[0] as Step["phase"],
  region: id.split("@")[1] ?? "",
  does,
  needs,
  deadlineMs: 5_000,
  expectedMs,
  bestEffort: id.includes("@north"),
  gracefulOnly: false,
  what,
  ...(does.kind === "order" ? { service: does.service } : {}),
});

const order = (action: Extract<Step["does"], { kind: "order" }>["action"]): Step["does"] => ({
  kind: "order",
  service: "orders",
  action,
});

const steps: readonly Step[] = [
  step(
    "check.target@south",
    [],
    1,
    { kind: "check-target", target: "south", graceful: false },
    "south may be promoted",
  ),
  step(
    "fence.fence.orders@north",
    ["check.target@south"],
    60,
    order({ kind: "fence", epoch: 1, mode: "forced" }),
    "orders in north stops",
  ),
  step(
    "fence.epoch@south",
    ["check.target@south"],
    2_205,
    { kind: "advance-epoch", epoch: 2, primary: "south", promotable: ["south"] },
    "epoch 2 names south",
  ),
  step(
    "data.promote.orders@south",
    ["fence.epoch@south"],
    35,
    order({ kind: "promote", epoch: 2, sync: false, standbys: [] }),
    "orders in south takes writes",
  ),
  step(
    "traffic.move@south",
    ["data.promote.orders@south"],
    40,
    { kind: "route", primary: "south", epoch: 2, mode: "open" },
    "every router leads to south",
  ),
  step(
    "verify.verify.orders@south",
    ["traffic.move@south"],
    15,
    order({ kind: "verify-write" }),
    "a write goes through",
  ),
];

const failover: Plan = {
  version: 1,
  id: "f1",
  kind: "failover",
  group: "storefront",
  from: "north",
  to: "south",
  epochBefore: 1,
  reason: "north is lost",
  steps,
  undo: [],
  // biome-ignore lint/suspicious/noThenProperty: what follows a plan, in the plan's own words
  then: [{ kind: "failback", when: "on request", steps: steps.slice(0, 2) }],
};

const detection = { expectedMs: 730, worstMs: 780 };

describe("a plan on a terminal", () => {
  test("is this, for the loss of a region", () => {
    expect(planText(failover, { detection })).toBe(`\
If north is lost, storefront fails over to south: users can write again about 2.28 s after the loss,
the whole plan takes about 2.29 s.

   0.00 s  north is lost; its right to write runs on until its lease ends
   0.73 s  a quorum of the others is sure of it (at worst after 0.78 s), and the plan begins
   2.21 s  north's lease has run out for certain, so south may be promoted; with a fence receipt of
           north, sooner
   2.28 s  users write in south
   2.29 s  the last step has ended

   #  ready at    takes  deadline  after  region  step
check
*  1    0.73 s     1 ms       5 s         south   south may be promoted
fence
   2    0.79 s    60 ms       5 s  1      north   orders in north stops; if it fails, the plan goes
                                                  on without it
*  3    2.21 s   2.21 s       5 s  1      south   epoch 2 names south
data
*  4    2.24 s    35 ms       5 s  3      south   orders in south takes writes
traffic
*  5    2.28 s    40 ms       5 s  4      south   every router leads to south
verify
   6    2.29 s    15 ms       5 s  5      south   a write goes through

* decides how long it takes; times are counted from the loss of north

What cannot be undone
  step 3: from epoch 2 on, nothing that north does under an older one is accepted; going back is a
  switch of its own, below
  step 4: orders in south begins a history of its own; what north acknowledged and south had not
  received is missing there, and is set aside when north returns

The way back: on request, about 0.06 s
   1     1 ms  south  south may be promoted
   2    60 ms  north  orders in north stops
`);
  });

  test("counts the hold-off, and says when it waits for a person", () => {
    const endsMs = 20_230;
    const text = planText(failover, { detection, holdOff: { endsMs, because: "policy" }, byPerson: true });
    expect(text.split("\n").slice(0, 9).join("\n")).toBe(`\
If north is lost, and a person says yes at once, storefront fails over to south: users can write
again about 20.3 s after the loss, the whole plan takes about 20.3 s.

   0.00 s  north is lost; its right to write runs on until its lease ends
   0.73 s  a quorum of the others is sure of it (at worst after 0.78 s)
   20.2 s  the hold-off of the group's policy is over, and with a person's yes the plan begins
   20.2 s  north's lease has run out for certain, so south may be promoted; with a fence receipt of
           north, sooner
   20.3 s  users write in south`);
    expect(planJson(failover, { detection, holdOff: { endsMs, because: "costs" } }).expected.beginsMs).toBe(endsMs);
    // A hold-off that is over before anybody is sure is none.
    expect(planText(failover, { detection, holdOff: { endsMs: 700, because: "costs" } })).toBe(
      planText(failover, { detection }),
    );
  });

  test("counts a switchover from its own beginning, and says how long writes wait", () => {
    const text = planText(
      {
        ...failover,
        kind: "switchover",
        steps: steps.map((one) =>
          one.id === "fence.epoch@south" ? { ...one, expectedMs: 5, needs: ["fence.fence.orders@north"] } : one,
        ),
        undo: steps.slice(0, 1),
      },
      { detection },
    );
    expect(text.replace(/\s+/g, " ")).toMatch(
      /^storefront switches over from north to south without losing anything: writes wait about 0.14 s, the whole plan takes about 0.16 s\./,
    );
    expect(text).toContain("If it stops before south takes writes, north goes back to work");
    expect(text).not.toContain("a quorum");
  });
});

describe("a plan as data", () => {
  test("lets the lease run out while the loss is being found out, not after", () => {
    expect(planJson(failover, { detection }).expected).toEqual({
      detectionMs: 730,
      detectionWorstMs: 780,
      beginsMs: 730,
      writesAgainMs: 2_280,
      totalMs: 2_295,
      criticalPath: ["check.target@south", "fence.epoch@south", "data.promote.orders@south", "traffic.move@south"],
    });
    // A slow detection is waited for instead.
    expect(planJson(failover, { detection: { expectedMs: 5_000, worstMs: 6_000 } }).expected).toMatchObject({
      writesAgainMs: 5_076,
    });
  });

  test("is the plan itself, with what it is expected to take", () => {
    const { expected: _expected, ...rest } = planJson(failover, { detection });
    expect(rest).toEqual(failover);
  });
});
