import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { regionLoss } from "../../test/support/lab-report-samples.ts";
import type { RunReport } from "../wire/people.ts";
import {
  asked,
  type Check,
  checkAll,
  epochGrew,
  fencedByReceipt,
  lossShown,
  nothingLost,
  oneOrderWins,
  reasoned,
  type Sight,
  said,
  silentByLeaseEnd,
  strict,
  trafficStayed,
  usersMet,
} from "./checks.ts";
import { crashStory, stories, storiesOf, storyGroups, storyNames } from "./stories.ts";
import { lasting, mayLast, storyIn } from "./story.ts";
import type { LedgerEntry } from "./users/ledger.ts";

const entry = (part: Partial<LedgerEntry>): LedgerEntry => ({
  client: "users",
  what: "order",
  key: `k${part.seq ?? 0}`,
  seq: 0,
  sentAt: (part.endedAt ?? 0) - 10,
  endedAt: 0,
  outcome: "acknowledged",
  attempts: 1,
  epoch: 2,
  ...part,
});

const evidence = { statistic: 31, threshold: 24, vantages: ["south", "watch"] };

const sight = (part: Partial<Sight>): Sight => ({
  report: regionLoss,
  names: { primary: "north", target: "south", controller: "watch" },
  events: [],
  noted: { diagnoses: [], decisions: [], traffic: ["north"], epochs: [2], lossBoundMs: 0 },
  runs: [],
  entries: [],
  epochBefore: 2,
  struckAt: 10_000,
  actEndedAt: 60_000,
  leaseMs: 2_200,
  answers: [],
  ...part,
});

const holds = (check: Check, part: Partial<Sight>): boolean => check.fails(sight(part)) === undefined;

test("a diagnosis counts only of its own region, and as evident only above its threshold with somebody behind it", () => {
  const degraded = said(["service-degraded", "region-degraded"], "primary", "evident");
  const of = (region: string, proof?: typeof evidence) => ({
    noted: {
      diagnoses: [
        { name: "service-degraded", region, sentence: "s", ...(proof === undefined ? {} : { evidence: proof }) },
      ],
      decisions: [],
      traffic: [],
      epochs: [],
      lossBoundMs: 0,
    },
  });
  expect(holds(degraded, of("north", evidence))).toBe(true);
  expect(holds(degraded, of("south", evidence))).toBe(false);
  expect(holds(degraded, of("north"))).toBe(false);
  expect(holds(degraded, of("north", { ...evidence, statistic: 3 }))).toBe(false);
  expect(holds(degraded, of("north", { ...evidence, vantages: [] }))).toBe(false);
  expect(degraded.fails(sight(of("south", evidence)))).toBe(
    "nobody said service-degraded or region-degraded of north; said was service-degraded of south",
  );
});

test("a reason is looked for among decisions, a question among those that ask", () => {
  const noted = {
    diagnoses: [],
    decisions: [
      { kind: "hold", reason: "holding: north flaps" },
      { kind: "ask", reason: "may lose 36 s" },
    ],
    traffic: [],
    epochs: [],
    lossBoundMs: 0,
  };
  expect(holds(reasoned(/flap/, "why"), { noted })).toBe(true);
  expect(holds(reasoned(/budget/, "why"), { noted })).toBe(false);
  expect(holds(asked(/lose/, "may it?"), { noted })).toBe(true);
  expect(holds(asked(/flap/, "may it?"), { noted })).toBe(false);
});

test("after the end of the lease an old epoch is silent, whichever client asked", () => {
  const at = (endedAt: number, part: Partial<LedgerEntry> = {}) => ({ entries: [entry({ endedAt, ...part })] });
  expect(holds(silentByLeaseEnd, at(12_000))).toBe(true);
  expect(holds(silentByLeaseEnd, at(13_000))).toBe(false);
  expect(holds(silentByLeaseEnd, at(13_000, { client: "stubborn" }))).toBe(false);
  expect(holds(silentByLeaseEnd, at(13_000, { client: "direct" }))).toBe(true);
  expect(holds(silentByLeaseEnd, at(13_000, { epoch: 3 }))).toBe(true);
  expect(holds(silentByLeaseEnd, at(13_000, { outcome: "unknown" }))).toBe(true);
});

test("without its standby nothing is acknowledged until an epoch excludes it", () => {
  const run: RunReport = {
    id: "unprotect-1",
    kind: "unprotect",
    group: "storefront",
    from: "north",
    to: "south",
    epochBefore: 2,
    reason: "south was taken out",
    startedAt: 14_000,
    result: "done",
    resultReason: "done",
    expectedMs: 100,
    facts: {},
    steps: [],
  };
  // Sent before the standby was gone, and answered late.
  const early = entry({ sentAt: 9_990, endedAt: 10_900 });
  const late = entry({ endedAt: 14_200 });
  expect(holds(strict, { entries: [early, late], runs: [run] })).toBe(true);
  expect(holds(strict, { entries: [early, late] })).toBe(false);
  expect(holds(strict, { entries: [entry({ endedAt: 12_000 })], runs: [run] })).toBe(false);
  const grown = { diagnoses: [], decisions: [], traffic: [], epochs: [2, 3], lossBoundMs: 0 };
  expect(holds(epochGrew, { entries: [late] })).toBe(false);
  expect(holds(epochGrew, { entries: [early, late], noted: grown })).toBe(true);
  expect(holds(epochGrew, { entries: [], noted: grown })).toBe(false);
});

test("traffic that was led elsewhere, or acknowledged under another epoch, did not stay", () => {
  expect(holds(trafficStayed, { entries: [entry({ endedAt: 11_000 })] })).toBe(true);
  expect(holds(trafficStayed, { entries: [entry({ endedAt: 11_000, epoch: 3 })] })).toBe(false);
  expect(
    holds(trafficStayed, {
      noted: { diagnoses: [], decisions: [], traffic: ["north", "south"], epochs: [], lossBoundMs: 0 },
    }),
  ).toBe(false);
});

test("a loss that grows is shown to grow", () => {
  const shown = (lossBoundMs: number) => ({
    noted: { diagnoses: [], decisions: [], traffic: [], epochs: [], lossBoundMs },
  });
  expect(holds(lossShown(10_000), shown(12_000))).toBe(true);
  expect(holds(lossShown(10_000), shown(2_300))).toBe(false);
});

test("the promotion comes after the old side's receipt", () => {
  const step = (phase: string, region: string, startedAt: number, endedAt: number, outcome = "done") => ({
    id: `${phase}.x@${region}`,
    phase,
    region,
    service: "orders",
    startedAt,
    endedAt,
    outcome,
    reason: "because",
  });
  const report = (steps: ReturnType<typeof step>[]) => ({ report: { ...regionLoss, steps } });
  const fence = step("fence", "north", 10, 20);
  expect(holds(fencedByReceipt, report([fence, step("data", "south", 25, 30)]))).toBe(true);
  expect(holds(fencedByReceipt, report([fence, step("data", "south", 15, 30)]))).toBe(false);
  expect(
    holds(fencedByReceipt, report([step("fence", "north", 10, 20, "unknown"), step("data", "south", 25, 30)])),
  ).toBe(false);
  expect(holds(fencedByReceipt, report([fence]))).toBe(false);
});

test("users met what was ordered: some of it, and not twice as much", () => {
  const tries = (attempts: readonly number[]) => ({
    entries: attempts.map((one, index) => entry({ seq: index, sentAt: 11_000, endedAt: 11_050, attempts: one })),
  });
  expect(holds(usersMet(0.2), tries([1, 1, 1, 2]))).toBe(true);
  expect(holds(usersMet(0.2), tries([1, 1, 1, 1]))).toBe(false);
  expect(holds(usersMet(0.2), tries([2, 2, 3, 1]))).toBe(false);
});

test("of two orders one is accepted and the other answered with a sentence", () => {
  const answer = (accepted: boolean, sentence = "refused: a failover is under way") => ({
    asked: "failover",
    accepted,
    sentence,
  });
  expect(holds(oneOrderWins, { answers: [answer(true), answer(false)] })).toBe(true);
  expect(holds(oneOrderWins, { answers: [answer(true), answer(false, "no")] })).toBe(false);
  expect(holds(oneOrderWins, { answers: [answer(true), answer(true)] })).toBe(false);
  expect(holds(oneOrderWins, { answers: [answer(false), answer(false)] })).toBe(false);
});

test("what does not hold is told with what was found, and users must write at the end of every story", () => {
  const { endedAt } = regionLoss.timeline;
  const served = sight({ entries: [entry({ endedAt: endedAt - 100 })] });
  const lossy = { ...served, report: { ...regionLoss, lost: 3, acknowledged: 100 } };
  expect(checkAll(lossy, [nothingLost], 1)).toEqual([
    { what: "users write at the end", held: true, found: "" },
    {
      what: "nothing acknowledged is lost",
      held: false,
      found: "3 of 100 acknowledged orders were lost, and not one may be",
    },
  ]);
  const [unserved] = checkAll(sight({ entries: [entry({ endedAt: endedAt - 9_000 })] }), [], 1);
  expect(unserved?.held).toBe(false);
});

test("every story of the agreed list is there, each with something that it must show", () => {
  for (const name of [
    "region-loss",
    "database-loss",
    "postmaster-loss",
    "region-freeze",
    "agent-freeze",
    "region-cut",
    "link-cut",
    "one-way-cut",
    "store-cut",
    "store-stall",
    "standby-loss",
    "witness-loss",
    "brown-out",
    "slow",
    "replication-stall",
    "flapping",
    "switchover",
    "controller-crash",
    "two-orders",
    "by-hand",
  ])
    expect(storyNames).toContain(name);
  for (const story of stories) {
    expect(story.checks.length, story.name).toBeGreaterThan(0);
    expect(story.expects.length, story.name).toBeGreaterThan(5);
  }
  for (const group of storyGroups) expect(storiesOf(group.name).map((story) => story.name)).toEqual(group.parts);
  expect(storiesOf(crashStory.name)).toEqual([]);
});

test("the page of the stories has every one of them, with the words of the story itself", () => {
  const page = readFileSync(new URL("../../docs/stories.md", import.meta.url), "utf8");
  for (const story of stories) {
    const mode = story.mode === undefined ? "" : `, ${story.mode}`;
    expect(page).toContain(`| \`${story.name}\`${mode} | ${story.what} | ${story.expects} |`);
    for (const other of [story.sync, story.others])
      if (other?.expects !== undefined) expect(page).toContain(`| ${other.expects} |`);
  }
});

test("a story that may last does so for as many minutes as asked, others are left as they are", () => {
  const flapping = storiesOf("flapping")[0];
  const loss = storiesOf("region-loss")[0];
  if (flapping === undefined || loss === undefined) throw new Error("no such story");
  expect(lasting(flapping, 60).steps[0]).toMatchObject({ do: "flap", downMs: 1_500, ms: 3_600_000 });
  expect(mayLast(loss)).toBe(false);
  expect(lasting(loss, 60)).toEqual(loss);
});

test("where another standby is whole, nobody is asked about the one that is not", () => {
  const story = storiesOf("replication-stall")[0];
  if (story === undefined) throw new Error("no such story");
  const steps = (standbys: number): readonly string[] => storyIn("async", standbys, story).steps.map((step) => step.do);
  expect(steps(1)).toContain("await-asked");
  expect(steps(2)).not.toContain("await-asked");
});

test("where commits wait for the standby, its loss is another story", () => {
  const story = storiesOf("standby-loss")[0];
  if (story === undefined) throw new Error("no such story");
  expect(storyIn("async", 1, story)).toBe(story);
  expect(storyIn("sync", 2, story).steps.map((step) => step.do)).toContain("await-epoch");
});
