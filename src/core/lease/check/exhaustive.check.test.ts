// Every reachable state of the standard worlds, and the counterexample to each safeguard's removal.

import { expect, test } from "vitest";
import { allSafeguards, type Safeguards } from "../timing.ts";
import { checkProtocol, checkWithout } from "./check-protocol.ts";
import { count, reportLines } from "./report.ts";
import { tellStory } from "./story.ts";

test("no reachable state has two writers, or any other violation", () => {
  const report = checkProtocol();
  console.log([...reportLines(report), `${count(report.states)} states in all, no violation`].join("\n"));
  expect(report.counterexample === undefined ? [] : tellStory(report.counterexample)).toEqual([]);
  expect(report.complete).toBe(true);
  expect(report.states).toBeGreaterThan(1_000_000);
});

test("the worlds get to where the protocol matters: writing by lease, by holds, and after a switch", () => {
  for (const { reached } of checkProtocol({ statesMax: 300_000 }).worlds) {
    expect(reached.writing).toBeGreaterThan(reached.writingByHolds);
    expect(reached.writingByHolds).toBeGreaterThan(1_000);
    expect(reached.writingInLaterEpochs).toBeGreaterThan(1_000);
  }
});

test.each(Object.keys(allSafeguards) as (keyof Safeguards)[])("without %s there is a counterexample", (safeguard) => {
  const { counterexample } = checkWithout(safeguard);
  if (counterexample === undefined) throw new Error(`nothing found without ${safeguard}`);
  const story = tellStory(counterexample);
  expect(story.at(-1)).toContain("VIOLATION");
  expect(story.length).toBeGreaterThan(2);
  // Told again it is the same story: the search and the story depend on nothing but the options.
  expect(tellStory(counterexample)).toEqual(story);
});
