import { describe, expect, test } from "vitest";
import type { SystemStatus } from "../wire/people.ts";
import { type Answer, type LiveOptions, type LiveWorld, liveStatus } from "./live-status.ts";

const status = (sentence: string): SystemStatus => ({
  version: 1,
  system: "shop",
  sentence,
  store: { ok: true, why: "" },
  groups: [],
  regions: [{ region: "north", witness: false, agentHeardMsAgo: 120, trouble: [] }],
});
const said = (sentence: string): Answer => ({ kind: "status", status: status(sentence) });
const away: Answer = { kind: "away", why: "http://10.0.0.3:7400: connection refused" };

const startMs = Date.UTC(2026, 10, 21, 6, 3, 5);

const esc = "\u001b";

/** A world in which each question takes so long and has the next of the answers; it is ended when they are used up. */
class Fake implements LiveWorld {
  readonly written: string[] = [];
  readonly askedAtMs: number[] = [];
  readonly end = new AbortController();
  readonly #answers: Answer[];
  readonly #tookMs: number;
  #nowMs = startMs;
  readonly screen: LiveWorld["screen"];

  constructor(answers: readonly Answer[], { tookMs = 0, drawn = true, rows = 24, columns = 100 } = {}) {
    this.#answers = [...answers];
    this.#tookMs = tookMs;
    this.screen = { write: (text) => this.written.push(text), drawn, color: false, size: () => ({ columns, rows }) };
  }

  nowMs = (): number => this.#nowMs;

  sleep = async (ms: number): Promise<void> => {
    this.#nowMs += ms;
  };

  ask = async (): Promise<Answer> => {
    this.askedAtMs.push(this.#nowMs);
    this.#nowMs += this.#tookMs;
    const answer = this.#answers.shift();
    if (answer === undefined) this.end.abort();
    return answer ?? away;
  };

  run(options: Partial<LiveOptions> = {}): Promise<0 | 3> {
    return liveStatus(this, { everyMs: 1_000, json: false, ...options }, this.end.signal);
  }

  /** What the terminal would show after each frame. */
  get frames(): readonly string[][] {
    return this.written
      .filter((text) => text.startsWith("\u001b[?2026h"))
      .map((text) =>
        text
          .replaceAll(new RegExp(`${esc}\\[[?0-9]*[a-zA-Z]`, "g"), "")
          .split("\r\n")
          .map((line) => line.trimEnd()),
      );
  }
}

describe("the live status", () => {
  test("draws in place, on a screen of its own, and leaves the terminal as it was with the last status on it", async () => {
    const world = new Fake([said("north serves"), said("south serves")]);
    expect(await world.run()).toBe(0);
    const [first = "", frame = "", , left = "", final = ""] = world.written;
    expect(first).toBe("\u001b[?1049h\u001b[?25l");
    // Home, each line erased to its end, then everything below: nothing is ever cleared before it is drawn.
    expect(frame.startsWith(`${esc}[?2026h${esc}[HNorth serves${esc}[K\r\n`)).toBe(true);
    expect(frame.endsWith(`${esc}[K${esc}[J${esc}[?2026l`)).toBe(true);
    expect(frame).not.toContain("\u001b[2J");
    expect(left).toBe("\u001b[?25h\u001b[?1049l");
    expect(final).toMatch(/^South serves\n/);
    expect(world.written).toHaveLength(5);
    expect(world.frames[0]).toEqual([
      "North serves",
      "",
      "regions",
      "  north  serves  heard 120 ms ago",
      "",
      "06:03:05 UTC, anew each 1 s; Ctrl-C ends",
    ]);
  });

  test("says since when nobody answers, keeps what was said last, and goes on", async () => {
    const world = new Fake([said("north serves"), away, away, said("north serves")]);
    expect(await world.run()).toBe(0);
    expect(world.frames[2]?.slice(0, 6)).toEqual([
      "No controller has answered since 06:03:06 UTC (1.00 s): http://10.0.0.3:7400: connection refused",
      "Routers and the primary go on without it; nobody is promoted meanwhile.",
      "",
      "What it said last, 2.00 s ago:",
      "",
      "North serves",
    ]);
    expect(world.frames[3]?.[0]).toBe("North serves");
  });

  test("a controller that never answers is waited for, and the exit code says that there was no answer", async () => {
    const world = new Fake([away, away]);
    expect(await world.run()).toBe(3);
    expect(world.frames.at(-1)?.[0]).toMatch(/^No controller has answered since 06:03:05 UTC \(1\.00 s\)/);
  });

  test("asks one question at a time, so far apart as is asked for, and rests after a slow answer", async () => {
    const quick = new Fake([said("a"), said("b"), said("c")], { tookMs: 100 });
    await quick.run();
    expect(quick.askedAtMs.map((ms) => ms - startMs)).toEqual([0, 1_000, 2_000, 3_000]);
    const slow = new Fake([away, away], { tookMs: 2_000 });
    await slow.run();
    expect(slow.askedAtMs.map((ms) => ms - startMs)).toEqual([0, 2_250, 4_500]);
  });

  test("a clock that is set back makes no burst of questions and no endless wait", async () => {
    const world = new Fake([said("a"), said("b")], { tookMs: -3_600_000 });
    await world.run();
    expect(world.askedAtMs.map((ms) => ms - startMs)).toEqual([0, -3_599_000, -7_198_000]);
  });

  test("never draws more lines than the terminal has, nor longer ones", async () => {
    const many = status("north serves");
    const regions = Array.from({ length: 40 }, (_, index) => ({
      region: `region-${index}`,
      witness: true,
      trouble: ["x".repeat(60)],
    }));
    const world = new Fake([{ kind: "status", status: { ...many, regions } }], { rows: 10, columns: 40 });
    await world.run();
    const [frame = []] = world.frames;
    expect(frame).toHaveLength(10);
    expect(frame.at(-3)).toMatch(/^… \d+ more lines, which a taller/);
    expect(Math.max(...frame.map((line) => [...line].length))).toBeLessThanOrEqual(40);
  });

  test("leaves out what can be spared before it hides what is below", async () => {
    const group: SystemStatus["groups"][number] = {
      group: "storefront",
      sentence: "holding, for silence is not death",
      epoch: 3,
      primary: "south",
      promotable: ["south"],
      paused: false,
      policy: "automatic",
      diagnoses: [
        {
          name: "unknown",
          region: "south",
          sentence: "south cannot be judged",
          sinceMs: 3_000,
          evidence: { statistic: 1, threshold: 2, vantages: ["watch"] },
        },
        {
          name: "region-unreachable",
          region: "north",
          sentence: "north is unreachable",
          sinceMs: 4_000,
          evidence: { statistic: 26, threshold: 6, vantages: ["south", "watch"] },
        },
      ],
      decision: {
        kind: "hold",
        reason: "holding, for silence is not death",
        until: "until a quorum can judge south",
      },
      links: [],
    };
    const full = { ...status("holding, for silence is not death"), groups: [group] };
    const small = new Fake([{ kind: "status", status: full }], { rows: 14 });
    await small.run();
    expect(small.frames[0]).toEqual([
      "Holding, for silence is not death",
      "",
      "storefront",
      "  primary     south, epoch 3; nobody else may be promoted",
      "  seen        north is unreachable",
      "              region-unreachable for 4.00 s: statistic 26, threshold 6, seen by south, watch",
      "  seen        south cannot be judged (for 3.00 s)",
      "  decision    hold: as said above",
      "  until       a quorum can judge south",
      "  commands    leeward why storefront",
      "",
      "regions  north heard 120 ms ago",
      "",
      "06:03:05 UTC, anew each 1 s; Ctrl-C ends",
    ]);
    const tall = new Fake([{ kind: "status", status: full }]);
    await tall.run();
    expect(tall.frames[0]).toContain("  policy      automatic");
    expect(tall.frames[0]).toContain("              unknown for 3.00 s: statistic 1, threshold 2, seen by watch");
  });

  test("where there is no terminal each status is printed below the one before, without a single control", async () => {
    const world = new Fake([said("north serves"), away], { drawn: false });
    await world.run();
    expect(world.written).toHaveLength(2);
    expect(world.written.join("")).not.toContain("\u001b");
    expect(world.written[0]).toMatch(/^North serves\n/);
    expect(world.written[1]).toMatch(/^No controller has answered since/);
  });

  test("as JSON it is one answer a line", async () => {
    const world = new Fake([said("north serves"), away]);
    await world.run({ json: true });
    const lines = world.written.map((text) => JSON.parse(text) as unknown);
    expect(lines).toEqual([
      status("north serves"),
      { version: 1, away: { sinceMs: startMs + 1_000, why: "http://10.0.0.3:7400: connection refused" } },
    ]);
  });

  test("the terminal is given back when asking fails in a way nobody expected", async () => {
    const world = new Fake([]);
    const broken: LiveWorld = { ...world, screen: world.screen, ask: () => Promise.reject(new Error("a fault")) };
    await expect(liveStatus(broken, { everyMs: 1_000, json: false }, world.end.signal)).rejects.toThrow("a fault");
    expect(world.written.at(-1)).toBe("\u001b[?25h\u001b[?1049l");
  });
});
