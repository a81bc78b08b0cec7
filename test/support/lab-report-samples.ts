// Reports as the lab makes them, for the tests of what people see: one of each sort of story, good ends and bad ones.

import type { LabEvent, LabReport, ReportStep, Timeline } from "../../src/core/model/lab-report.ts";

export const faultAt = Date.UTC(2026, 10, 21, 6, 3, 12, 345);

const step = (id: string, service: string, from: number, to: number, reason: string, outcome = "done"): ReportStep => ({
  id,
  phase: id.split(".")[0] ?? "",
  region: id.split("@")[1] ?? "",
  service,
  startedAt: faultAt + from,
  endedAt: to === 0 ? 0 : faultAt + to,
  outcome,
  reason,
});

const event = (at: number, kind: LabEvent["kind"], region: string, sentence: string, service?: string): LabEvent => ({
  at: faultAt + at,
  kind,
  region,
  sentence,
  ...(service === undefined ? {} : { service }),
});

/** Ten orders in each bucket of 100 ms, but in the gaps. */
function writes(
  spans: readonly { readonly from: number; readonly to: number; readonly epoch: number }[],
): Timeline["acknowledged"] {
  return spans.flatMap(({ from, to, epoch }) => {
    const buckets: { at: number; epoch: number; count: number }[] = [];
    for (let at = Math.floor(from / 100) * 100; at < to; at += 100) {
      const share = Math.min(at + 100, to) - Math.max(at, from);
      const wobble = Math.abs(at / 100) % 7 === 3 ? -1 : 0;
      buckets.push({ at: faultAt + at, epoch, count: Math.max(1, Math.round(share / 10) + wobble) });
    }
    return buckets;
  });
}

const unreachable =
  "north is unreachable: south and watch have had no answer for 0.7 s (6 misses, threshold 6; both reach their controls)";
const takesOver = `${unreachable}; south takes over, the only standby that can take over, losing at most 2.1 s`;

const failoverSteps: readonly ReportStep[] = [
  step("check.target@south", "", 742, 744, "south has streamed until 0.02 s before the loss and lacks at most 2.1 s"),
  step("compute.start.web@south", "web", 745, 1164, "2 replicas of web are ready in south"),
  step("fence.prepare@south", "", 745, 781, "south grants north no further holds"),
  step(
    "fence.fence.orders@north",
    "orders",
    745,
    15_745,
    "the agent of north does not answer; whether it stopped is unknown",
    "unknown",
  ),
  step("fence.stand-down.mailer@north", "mailer", 745, 15_745, "the agent of north does not answer", "unknown"),
  step("fence.epoch@south", "", 782, 2_214, "epoch 3 names south: north's lease ran out at the worst drift"),
  step("data.promote.orders@south", "orders", 2_215, 2_256, "orders in south was promoted at 0/4A12F30 on timeline 2"),
  step("traffic.move@south", "", 2_257, 2_301, "3 of 3 routers that answer lead to south, generation 7"),
  step("verify.verify.orders@south", "orders", 2_302, 2_316, "a write to orders went through in south"),
  step("compute.start.mailer@south", "mailer", 2_302, 2_611, "mailer runs in south"),
];

const homeSteps: readonly ReportStep[] = [
  step("check.target@north", "", 14_004, 14_005, "north streams, 0 B behind, and its agent answers"),
  step("compute.start.web@north", "web", 14_006, 14_410, "2 replicas of web are ready in north"),
  step("compute.stand-down.mailer@south", "mailer", 14_006, 14_160, "mailer in south has stopped"),
  step("fence.prepare@north", "", 14_411, 14_446, "north grants south no further holds"),
  step("fence.fence.orders@south", "orders", 14_447, 14_512, "orders in south stopped at 0/4B00028"),
  step("data.catch-up.orders@north", "orders", 14_513, 14_533, "orders in north has everything up to 0/4B00028"),
  step("fence.epoch@north", "", 14_534, 14_539, "epoch 5 names north, on the fence receipt of south"),
  step(
    "data.promote.orders@north",
    "orders",
    14_540,
    14_578,
    "orders in north was promoted at 0/4B00028 on timeline 3",
  ),
  step("traffic.move@north", "", 14_579, 14_618, "3 of 3 routers that answer lead to north, generation 10"),
  step("verify.verify.orders@north", "orders", 14_619, 14_633, "a write to orders went through in north"),
  step("compute.scale-down.web@south", "web", 14_619, 14_820, "web in south keeps 1 replica"),
  step("compute.start.mailer@north", "mailer", 14_619, 14_922, "mailer runs in north"),
];

export const regionLoss: LabReport = {
  version: 1,
  story: "region-loss",
  mode: "async",
  system: "shop",
  rtoMs: 2_412.6,
  phases: { detect: 752.1, decide: 1.4, fence: 1_483.2, data: 42.3, route: 45.1, firstWrite: 88.5 },
  rpoMs: 0,
  markers: { sent: 187, lost: 0 },
  acknowledged: 1_684,
  lost: 0,
  duplicated: 0,
  refused: 6,
  unknown: 31,
  orphans: 0,
  twoWriters: false,
  direct: { acknowledgedAfterSwitch: 0 },
  diagnosis: "region-unreachable",
  decision: "failover",
  reason: takesOver,
  steps: failoverSteps,
  home: { writeGapMs: 214.2, lost: 0 },
  objectives: { rtoMs: 30_000, rpoMs: 30_000, met: true },
  predicted: { rtoMs: 2_616, rpoMs: 2_140 },
  notes: [],
  timeline: {
    startedAt: faultAt - 1_500,
    endedAt: faultAt + 17_400,
    faultAt,
    gap: { from: faultAt - 11, to: faultAt + 2_401.6 },
    home: {
      askedAt: faultAt + 14_000,
      gap: { from: faultAt + 14_430, to: faultAt + 14_644.2 },
      steps: homeSteps,
    },
    events: [
      event(0, "fault", "north", "Everything in north is killed"),
      event(733, "seen", "north", unreachable),
      event(734, "decided", "south", takesOver),
      event(741, "decided", "south", `failover from north to south begins: ${takesOver}`),
      event(
        2_660,
        "done",
        "south",
        "failover to south: done; every step ended well but 2 that may fail: users write in south",
      ),
      event(5_421, "fault", "north", "north comes back"),
      event(6_210, "seen", "north", "over: north is unreachable"),
      event(6_260, "decided", "north", "protect from south to north begins: north answers again and is no standby yet"),
      event(8_931, "done", "north", "protect to north: done; north streams from south and may be promoted"),
      event(14_002, "decided", "north", "failback from south to north begins: lab asked for it"),
      event(14_925, "done", "north", "failback to north: done; users write in north"),
      event(15_730, "decided", "south", "protect from north to south begins: south is no standby yet"),
      event(16_480, "done", "south", "protect to south: done; south streams from north and may be promoted"),
    ],
    bucketMs: 100,
    acknowledged: writes([
      { from: -1_500, to: -11, epoch: 2 },
      { from: 2_401, to: 8_930, epoch: 3 },
      { from: 8_930, to: 14_430, epoch: 4 },
      { from: 14_644, to: 16_470, epoch: 5 },
      { from: 16_470, to: 17_400, epoch: 6 },
    ]),
  },
};

/** Some orders were on their way when the region died, and turned up as orphans when it came back. */
export const regionLossWithOrphans: LabReport = {
  ...regionLoss,
  rpoMs: 118.4,
  markers: { sent: 187, lost: 1, firstLost: 15, lastLost: 15 },
  lost: 12,
  orphans: 13,
  direct: { acknowledgedAfterSwitch: 0 },
};

export const regionLossSync: LabReport = {
  ...regionLoss,
  mode: "sync",
  predicted: { rtoMs: 2_616, rpoMs: 0 },
};

export const tenRounds: LabReport = {
  ...regionLossWithOrphans,
  rtoMs: 2_398.1,
  acknowledged: 16_840,
  rounds: {
    count: 10,
    rtoMs: { min: 2_204.8, median: 2_398.1, max: 2_622.7 },
    each: [2_412.6, 2_204.8, 2_377.2, 2_398.1, 2_451.9, 2_622.7, 2_301.4, 2_398.1, 2_333.3, 2_480.6].map(
      (rtoMs, index): LabReport => ({
        ...(index === 3 ? regionLossWithOrphans : regionLoss),
        rtoMs,
        home: { writeGapMs: 190 + index * 7, lost: 0 },
      }),
    ),
  },
};

export const switchover: LabReport = {
  ...regionLoss,
  story: "switchover",
  rtoMs: 221.7,
  phases: { detect: 0, decide: 0, fence: 118.2, data: 41.3, route: 40.4, firstWrite: 21.8 },
  acknowledged: 912,
  refused: 0,
  unknown: 0,
  markers: { sent: 96, lost: 0 },
  diagnosis: "none",
  decision: "switchover",
  reason: "lab asked for a switchover to south",
  predicted: { rtoMs: 896, rpoMs: 0 },
  steps: homeSteps.map((one) => ({
    ...one,
    id: swapped(one.id),
    region: swapped(one.region),
    reason: swapped(one.reason).replace("epoch 5", "epoch 3"),
    startedAt: one.startedAt - 13_996,
    endedAt: one.endedAt - 13_996,
  })),
  timeline: {
    startedAt: faultAt - 1_500,
    endedAt: faultAt + 12_000,
    faultAt,
    gap: { from: faultAt + 437, to: faultAt + 658.7 },
    events: [
      event(0, "fault", "north", "Somebody asks for a switchover to south"),
      event(2, "decided", "south", "lab asked for a switchover to south"),
      event(5, "decided", "south", "switchover from north to south begins: lab asked for a switchover to south"),
      event(930, "done", "south", "switchover to south: done; users write in south"),
      event(1_730, "decided", "north", "protect from south to north begins: north is no standby yet"),
      event(3_410, "done", "north", "protect to north: done; north streams from south and may be promoted"),
    ],
    bucketMs: 100,
    acknowledged: writes([
      { from: -1_500, to: 437, epoch: 2 },
      { from: 658, to: 3_400, epoch: 3 },
      { from: 3_400, to: 12_000, epoch: 4 },
    ]),
  },
};

function swapped(text: string): string {
  return text.replace(/north|south/g, (name) => (name === "north" ? "south" : "north"));
}

const { home: _noHome, ...withoutHome } = regionLoss;

export const linkCut: LabReport = {
  ...withoutHome,
  story: "link-cut",
  rtoMs: 43.2,
  phases: { detect: 0, decide: 0, fence: 0, data: 0, route: 0, firstWrite: 43.2 },
  acknowledged: 2_013,
  refused: 0,
  unknown: 0,
  markers: { sent: 214, lost: 0 },
  diagnosis: "link-cut",
  decision: "hold",
  reason:
    "holding: the link between north and south is cut: south gets no answer from north, watch does; north serves on; moving would heal nothing",
  steps: [],
  predicted: { rtoMs: 0, rpoMs: 0 },
  timeline: {
    startedAt: faultAt - 1_500,
    endedAt: faultAt + 18_600,
    faultAt,
    gap: { from: faultAt + 9_120, to: faultAt + 9_163.2 },
    events: [
      event(0, "fault", "north", "The link between north and south is cut"),
      event(
        1_130,
        "seen",
        "north",
        "the link between north and south is cut: south gets no answer from north, watch does; north serves on",
      ),
      event(
        1_131,
        "decided",
        "",
        "holding: the link between north and south is cut: south gets no answer from north, watch does; north serves on; moving would heal nothing",
      ),
      event(
        2_410,
        "seen",
        "south",
        "replication of orders to south is stalled: nothing has arrived for 2.0 s, 61 kB behind",
        "orders",
      ),
      event(15_004, "fault", "north", "All links are whole again"),
      event(15_610, "seen", "south", "over: replication of orders to south is stalled", "orders"),
      event(15_830, "seen", "north", "over: the link between north and south is cut"),
      event(15_831, "decided", "", "north is primary of storefront and serves"),
    ],
    bucketMs: 100,
    acknowledged: writes([
      { from: -1_500, to: 9_120, epoch: 2 },
      { from: 9_163, to: 18_600, epoch: 2 },
    ]),
  },
};

export const tooSlow: LabReport = {
  ...regionLoss,
  objectives: { rtoMs: 2_000, rpoMs: 30_000, met: false },
  notes: ["14 writes were withheld by the client's own bound on writes under way"],
};

export const lostInSync: LabReport = { ...regionLossSync, lost: 3, rpoMs: 20.4, markers: { sent: 187, lost: 1 } };

export const splitBrain: LabReport = {
  ...regionLossWithOrphans,
  story: "region-freeze",
  twoWriters: true,
  direct: { acknowledgedAfterSwitch: 4 },
};

export const crashes: LabReport = {
  ...withoutHome,
  story: "controller-crash",
  crashes: [
    { at: "switchover/check.target@south/intent", died: true, ended: "prior", effectsTwice: 0 },
    { at: "switchover/fence.fence.orders@north/effect", died: true, ended: "intended", effectsTwice: 0 },
    { at: "failover/data.promote.orders@south/outcome", died: true, ended: "intended", effectsTwice: 0 },
  ],
};
