import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { methods, planOf, shop, shopWith } from "../../../test/spine/shop.ts";
import type { Service, System } from "../model/system.ts";
import { compilePlan } from "./compile.ts";
import type { Plan, PlanKind, Step } from "./plan.ts";

const transcript = (steps: readonly Step[]): readonly string[] =>
  steps.map((step) => (step.needs.length === 0 ? step.id : `${step.id} < ${step.needs.join(" ")}`));
const stepOf = (plan: Plan, id: string): Step => {
  const step = plan.steps.find((one) => one.id === id);
  if (step === undefined) throw new Error(`${plan.kind} has no step ${id}`);
  return step;
};

describe("the shop's plans, step by step", () => {
  test("establish", () => {
    expect(transcript(planOf(shop(), "establish", "north", "north", 0).steps)).toEqual([
      "fence.epoch@north",
      "data.serve.orders@north < fence.epoch@north",
      "compute.start.web@north < fence.epoch@north data.serve.orders@north",
      "compute.start.mailer@north < fence.epoch@north data.serve.orders@north",
      "traffic.move@north < fence.epoch@north data.serve.orders@north compute.start.web@north compute.start.mailer@north",
      "verify.verify.orders@north < traffic.move@north",
    ]);
  });

  test("switchover", () => {
    expect(transcript(planOf(shop(), "switchover", "north", "south").steps)).toEqual([
      "check.target@south",
      "compute.start.web@south < check.target@south",
      "compute.stand-down.mailer@north < check.target@south",
      "fence.prepare@south < check.target@south compute.start.web@south compute.stand-down.mailer@north",
      "fence.fence.orders@north < fence.prepare@south",
      "data.catch-up.orders@south < fence.fence.orders@north",
      "fence.epoch@south < fence.prepare@south fence.fence.orders@north data.catch-up.orders@south",
      "data.promote.orders@south < fence.epoch@south",
      "traffic.move@south < fence.epoch@south compute.start.web@south compute.stand-down.mailer@north data.promote.orders@south",
      "verify.verify.orders@south < traffic.move@south",
      "compute.scale-down.web@north < traffic.move@south",
      "compute.start.mailer@south < traffic.move@south",
    ]);
  });

  test("unprotect: first the epoch, and only then commits stop waiting (I3)", () => {
    const plan = planOf(shopWith({ mode: "sync" }), "unprotect", "north", "south");
    expect(transcript(plan.steps)).toEqual([
      "fence.take-out@north",
      "re-protect.mode.orders@north < fence.take-out@north",
    ]);
    expect(stepOf(plan, "fence.take-out@north").does).toEqual({
      kind: "admit",
      epoch: 2,
      primary: "north",
      promotable: ["north"],
    });
    expect(stepOf(plan, "re-protect.mode.orders@north").does).toMatchObject({
      action: { kind: "set-mode", sync: false, standbys: [] },
    });
    expect(plan.then).toEqual([]);
    const ofThree = planOf(shopWith({ mode: "sync" }), "unprotect", "north", "south", 4, ["north", "south", "east"]);
    expect(stepOf(ofThree, "re-protect.mode.orders@north").does).toMatchObject({
      action: { kind: "set-mode", sync: true, standbys: ["east"] },
    });
  });

  test("failover", () => {
    expect(transcript(planOf(shop(), "failover", "north", "south").steps)).toEqual([
      "check.target@south",
      "compute.start.web@south < check.target@south",
      "fence.prepare@south < check.target@south",
      "fence.fence.orders@north < check.target@south",
      "fence.stand-down.mailer@north < check.target@south",
      "fence.epoch@south < fence.prepare@south",
      "data.promote.orders@south < fence.epoch@south",
      "traffic.move@south < fence.epoch@south compute.start.web@south data.promote.orders@south",
      "verify.verify.orders@south < traffic.move@south",
      "compute.scale-down.web@north < traffic.move@south",
      "compute.start.mailer@south < traffic.move@south",
    ]);
  });

  test("failback is the switchover the other way round", () => {
    const mirrored = (text: string): string =>
      text.replaceAll("north", "?").replaceAll("south", "north").replaceAll("?", "south");
    expect(transcript(planOf(shop(), "failback", "south", "north").steps).map(mirrored)).toEqual(
      transcript(planOf(shop(), "switchover", "north", "south").steps),
    );
  });

  test("protect", () => {
    expect(transcript(planOf(shop(), "protect", "south", "north", 3, ["south"]).steps)).toEqual([
      "re-protect.follow.orders@north",
      "re-protect.mode.orders@south < re-protect.follow.orders@north",
      "re-protect.stand-by.web@north",
      "re-protect.stand-by.mailer@north",
      "re-protect.admit@south < re-protect.follow.orders@north re-protect.mode.orders@south re-protect.stand-by.web@north re-protect.stand-by.mailer@north",
    ]);
  });

  test("a switchover that stops half-way gives the old primary an epoch of its own and serves again", () => {
    expect(transcript(planOf(shop(), "switchover", "north", "south").undo)).toEqual([
      "fence.epoch@north",
      "data.serve.orders@north < fence.epoch@north",
      "compute.start.web@north < fence.epoch@north",
      "compute.start.mailer@north < fence.epoch@north",
      "traffic.move@north < fence.epoch@north data.serve.orders@north compute.start.web@north compute.start.mailer@north",
    ]);
  });
});

describe("what the shop's steps do", () => {
  test("a failover waits a lease for its epoch, a switchover only for its store", () => {
    expect(stepOf(planOf(shop(), "failover", "north", "south"), "fence.epoch@south").expectedMs).toBe(2_205);
    expect(stepOf(planOf(shop(), "switchover", "north", "south"), "fence.epoch@south").expectedMs).toBe(5);
  });

  test("only a failover goes on without its fence", () => {
    const fence = "fence.fence.orders@north";
    expect(stepOf(planOf(shop(), "failover", "north", "south"), fence).bestEffort).toBe(true);
    expect(stepOf(planOf(shop(), "switchover", "north", "south"), fence).bestEffort).toBe(false);
  });

  test("a fence belongs to the epoch it ends, a promotion to the next", () => {
    const plan = planOf(shop(), "failover", "north", "south", 4);
    expect(stepOf(plan, "fence.fence.orders@north").does).toEqual({
      kind: "order",
      service: "orders",
      action: { kind: "fence", epoch: 4, mode: "forced" },
    });
    expect(stepOf(plan, "data.promote.orders@south").does).toEqual({
      kind: "order",
      service: "orders",
      action: { kind: "promote", epoch: 5, sync: false, standbys: [] },
    });
  });

  test("in sync mode commits wait for the standby before it becomes promotable", () => {
    const plan = planOf(shopWith({ mode: "sync" }), "protect", "south", "north", 3, ["south"]);
    expect(stepOf(plan, "re-protect.mode.orders@south").does).toEqual({
      kind: "order",
      service: "orders",
      action: { kind: "set-mode", sync: true, standbys: ["north"] },
    });
    expect(stepOf(plan, "re-protect.admit@south").needs).toContain("re-protect.mode.orders@south");
  });

  test("a new primary is alone until its standby is back, one after the other", () => {
    const system = shop();
    const [group] = system.groups;
    if (group === undefined) throw new Error("no group");
    const three: System = { ...system, groups: [{ ...group, primary: ["north", "south", "east"] }] };
    const members = planOf(three, "failover", "north", "south", 2, ["north", "south", "east"]).then.map(({ steps }) =>
      steps.flatMap(({ does }) => (does.kind === "admit" ? [`${does.epoch}: ${does.promotable.join(" ")}`] : [])),
    );
    expect(members).toEqual([["4: south north"], ["5: south north east"], []]);
  });
});

// ---- whatever the system ----

const types = ["postgresql", "http", "process"] as const;
const base = shop();

/** Systems of up to six services of every kind, needing each other without a circle, in two to four regions. */
const systems = fc
  .record({
    regions: fc.integer({ min: 2, max: 4 }),
    services: fc.array(
      fc.record({ type: fc.constantFrom(...types), needs: fc.array(fc.nat(20), { maxLength: 3 }), sync: fc.boolean() }),
      { minLength: 1, maxLength: 6 },
    ),
  })
  .map(({ regions, services }): System => {
    const names = ["north", "south", "east", "west"].slice(0, regions);
    const [group] = base.groups;
    if (group === undefined) throw new Error("no group");
    return {
      ...base,
      groups: [{ ...group, primary: names }],
      services: services.map(({ type, needs, sync }, index): Service => {
        const model = base.services.find((one) => one.type === type) as Service;
        return {
          ...model,
          name: `svc${index}`,
          needs: index === 0 ? [] : [...new Set(needs.map((need) => `svc${need % index}`))],
          ...(model.replication === undefined
            ? {}
            : { replication: { ...model.replication, mode: sync ? "sync" : "async" } }),
          in: Object.fromEntries(names.map((name) => [name, {}])),
        };
      }),
    };
  });
const kinds = fc.constantFrom<PlanKind>("establish", "switchover", "failover", "failback", "protect", "restore");

function compiled(system: System, kind: PlanKind): Plan {
  const [group] = system.groups;
  if (group === undefined) throw new Error("no group");
  const [from, to] = kind === "establish" || kind === "restore" ? ["north", "north"] : ["north", "south"];
  return compilePlan({
    id: "p",
    kind,
    system,
    group,
    methods,
    from,
    to,
    epoch: 3,
    promotable: group.primary,
    reason: "",
  });
}

const everyList = (plan: Plan): readonly (readonly Step[])[] => [
  plan.steps,
  plan.undo,
  ...plan.then.map((one) => one.steps),
];

/** Everything that has to end before the step may begin. */
function behind(steps: readonly Step[], id: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (one: string): void => {
    for (const need of steps.find((step) => step.id === one)?.needs ?? []) {
      if (found.has(need)) continue;
      found.add(need);
      visit(need);
    }
  };
  visit(id);
  return found;
}

const ofKind = (steps: readonly Step[], kind: string): readonly Step[] =>
  steps.filter(({ does }) => does.kind === kind || (does.kind === "order" && does.action.kind === kind));

function always(check: (plan: Plan) => void): void {
  fc.assert(
    fc.property(systems, kinds, (system, kind) => {
      check(compiled(system, kind));
    }),
    { numRuns: 150 },
  );
}

describe("every plan of every system", () => {
  test("names each step once, and every need is one of its steps", () => {
    always((plan) => {
      for (const steps of everyList(plan)) {
        const ids = steps.map((step) => step.id);
        expect(new Set(ids).size).toBe(ids.length);
        for (const step of steps) for (const need of step.needs) expect(ids).toContain(need);
      }
    });
  });

  test("has no circle", () => {
    always((plan) => {
      for (const steps of everyList(plan))
        for (const step of steps) expect(behind(steps, step.id).has(step.id)).toBe(false);
    });
  });

  test("promotes and serves only behind the new epoch (I1)", () => {
    always((plan) => {
      for (const steps of everyList(plan)) {
        const epochs = ofKind(steps, "advance-epoch");
        for (const step of [...ofKind(steps, "promote"), ...ofKind(steps, "serve-primary")]) {
          expect(epochs.some((epoch) => behind(steps, step.id).has(epoch.id))).toBe(true);
        }
      }
    });
  });

  test("moves its epoch gracefully only behind every fence and every catch-up (I3)", () => {
    always((plan) => {
      if (plan.kind !== "switchover" && plan.kind !== "failback") return;
      const [epoch] = ofKind(plan.steps, "advance-epoch");
      const before = behind(plan.steps, epoch?.id ?? "");
      for (const step of [...ofKind(plan.steps, "fence"), ...ofKind(plan.steps, "await-position")]) {
        expect(before.has(step.id)).toBe(true);
      }
    });
  });

  test("brings users only behind every promotion and the capacity for them (I9)", () => {
    always((plan) => {
      for (const steps of everyList(plan)) {
        for (const route of ofKind(steps, "route")) {
          const before = behind(steps, route.id);
          const web = steps.filter(
            (step) =>
              step.does.kind === "order" && step.does.action.kind === "scale" && step.id.startsWith("compute.start"),
          );
          const needed = web.filter((step) => behind(steps, step.id).has(route.id) === false);
          for (const step of [...ofKind(steps, "promote"), ...ofKind(steps, "serve-primary"), ...needed]) {
            expect(before.has(step.id)).toBe(true);
          }
        }
      }
    });
  });

  test("fails over without one step of the failed region before users are there (I8)", () => {
    always((plan) => {
      if (plan.kind !== "failover") return;
      const byId = new Map(plan.steps.map((step) => [step.id, step]));
      const [route] = ofKind(plan.steps, "route");
      for (const id of behind(plan.steps, route?.id ?? "")) expect(byId.get(id)?.region).not.toBe(plan.from);
      // And what it wants there afterwards cannot end the run.
      for (const step of plan.steps) if (step.region === plan.from) expect(step.bestEffort).toBe(true);
    });
  });

  test("has its way back with it (I10)", () => {
    always((plan) => {
      const led = plan.kind === "switchover" || plan.kind === "failback";
      expect(plan.undo.length > 0).toBe(led);
      const ways = plan.then.map((one) => one.kind);
      if (plan.kind === "failover" || plan.kind === "switchover") expect(ways.at(-1)).toBe("failback");
      if (plan.kind !== "protect" && plan.kind !== "restore") expect(ways).toContain("protect");
    });
  });

  test("tells each step in words, within a deadline", () => {
    always((plan) => {
      for (const step of plan.steps) {
        expect(step.what).not.toMatch(/^$|\{|\}/);
        expect(step.deadlineMs).toBeGreaterThanOrEqual(step.expectedMs);
      }
    });
  });

  test("is the same after it has been through the journal", () => {
    always((plan) => {
      expect(JSON.parse(JSON.stringify(plan))).toStrictEqual(plan);
    });
  });
});
