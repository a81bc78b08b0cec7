import { describe, expect, test } from "vitest";
import type { GroupRecord } from "../core/lease/record.ts";
import { Stop } from "../ports/signal.ts";
import { makePerformer } from "./performer.ts";

const record = { group: "storefront", epoch: 4, primary: "south", promotable: ["south"] } as unknown as GroupRecord;
const does = { kind: "admit", epoch: 5, primary: "south", promotable: ["south", "north"] } as const;

/** A world in which the copy in north is seen streaming after so many looks. */
function world(looksUntilSeen: number) {
  const done: string[] = [];
  let nowMs = 0;
  let looks = 0;
  const performer = makePerformer({
    clock: {
      nowMs: () => nowMs,
      wallMs: () => nowMs,
      sleep: async (ms: number) => {
        nowMs += ms;
      },
    },
    desk: {
      record,
      admit: async (promotable: readonly string[]) => {
        done.push(`admitted ${promotable.join(" and ")} after ${looks} looks`);
        return { kind: "advanced", reason: "agreed", record: { ...record, epoch: 5, promotable } };
      },
    },
    admissionProblem: (standby: string) => {
      looks++;
      return looks > looksUntilSeen ? undefined : `the copy in ${standby} has not been seen streaming`;
    },
  } as unknown as Parameters<typeof makePerformer>[0]);
  const said: string[] = [];
  const context = {
    run: { plan: { epochBefore: 4 } },
    step: { does },
    deadlineMs: 5_000,
    signal: new Stop(),
    progress: (sentence: string) => said.push(sentence),
  } as unknown as Parameters<typeof performer.act>[0];
  return { done, said, act: () => performer.act(context) };
}

describe("a standby is made promotable", () => {
  test("only when the watch itself has seen it stream: until then the step waits, and says so", async () => {
    const { done, said, act } = world(3);
    expect(await act()).toMatchObject({ kind: "done", facts: { epoch: 5 } });
    expect(done).toEqual(["admitted south and north after 4 looks"]);
    expect(said).toEqual(Array(3).fill("the copy in north has not been seen streaming"));
  });

  test("not at all when that does not happen in time, and the step is tried again later", async () => {
    const { done, act } = world(Number.POSITIVE_INFINITY);
    expect(await act()).toEqual({
      kind: "failed",
      retry: "later",
      reason: "the copy in north has not been seen streaming",
    });
    expect(done).toEqual([]);
  });
});
