import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WatchPlan } from "../core/watch/watch-plan.ts";
import { planWatch, type WatchPlanFlags } from "./watch-plan.ts";

const example = (name: string): string =>
  fileURLToPath(new URL(`../../examples/${name}/leeward.yaml`, import.meta.url));
const impossible = example("watch/impossible");

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leeward-watch-plan-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(file: string, flags: WatchPlanFlags = {}) {
  const said = { out: "", err: "" };
  const exit = planWatch(file, flags, {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    color: false,
  });
  return { exit, ...said };
}

function planOf(file: string): WatchPlan & { readonly version: number } {
  const json = join(folder, "plan.json");
  run(file, { json });
  return JSON.parse(readFileSync(json, "utf8"));
}

function written(text: string): string {
  const file = join(folder, "leeward.yaml");
  writeFileSync(file, text);
  return file;
}

describe("the three examples", () => {
  test("the shop's watch is good enough", () => {
    const { exit, out, err } = run(example("shop"));
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    expect(out).toMatch(/^The watch is good enough: a dead region is known after 0\.\d s, at worst 0\.8 s/);
    expect(out).toContain("mailer in");
  });

  test("a brown-out is known within a minute thanks to four witnesses, and would not be with one", () => {
    const file = example("watch/brown-out-in-a-minute");
    expect(run(file).exit).toBe(0);
    expect(run(file).out.replaceAll(/\s+/g, " ")).toMatch(
      /a fifth of its answers failing is known within 4\d s \(60 s/,
    );
    const fewer = readFileSync(file, "utf8").replaceAll(/^ {2}(fra|par|hel): .*\n/gm, "");
    const refused = run(written(fewer));
    expect(refused.exit).toBe(1);
    expect(refused.out.replaceAll(/\s+/g, " ")).toMatch(/or add 3 witnesses \(5 vantages instead of 2\)/);
  });

  test("what is impossible is refused, and is met after each of the mends that are offered", () => {
    const { exit, out } = run(impossible);
    expect(exit).toBe(1);
    expect(out).toMatch(/^The watch is not good enough: a dead region may go unnoticed for 30 s/);
    const text = readFileSync(impossible, "utf8");
    const { mends } = planOf(impossible);
    expect(mends.map((mend) => mend.kind)).toEqual(["probe-every", "objectives"]);
    for (const mend of mends) {
      const after =
        mend.kind === "probe-every"
          ? text.replace("probeEvery: 10s", `probeEvery: ${mend.probeEveryMs}ms`)
          : text.replace("rto: 8s", `rto: ${mend.kind === "objectives" ? mend.rtoMs : 0}ms`);
      expect(after).not.toBe(text);
      expect(run(written(after))).toMatchObject({ exit: 0, err: "" });
    }
  });
});

test("the JSON has every target with its figures", () => {
  const plan = planOf(example("shop"));
  expect(plan).toMatchObject({ version: 1, system: "shop", kind: "met", mends: [], mode: "cusum", probeEveryMs: 200 });
  expect(plan.targets.map(({ region, service }) => `${region}/${service}`)).toHaveLength(9);
  expect(plan.targets[0]?.rates.map((rate) => rate.failureShare)).toEqual([1, 0.5, 0.2, 0.1]);
});

test("one target is shown where one is asked for, and an unknown one is bad input", () => {
  const { out, exit } = run(example("shop"), { target: "south/orders" });
  expect(exit).toBe(0);
  expect(out).toContain("\norders in south\n");
  expect(out).not.toContain("web");
  expect(run(example("shop"), { target: "nothing" })).toMatchObject({
    exit: 2,
    err: expect.stringContaining("has no target nothing"),
  });
});

test("vantages wait longer for an answer where the regions are far apart", () => {
  const far = readFileSync(impossible, "utf8").replace("at: azure/westeurope", "at: azure/australiaeast");
  expect(planOf(example("shop")).timeoutMs).toBe(150);
  const { timeoutMs, targets } = planOf(written(far));
  expect(timeoutMs).toBeGreaterThan(600);
  expect(targets[0]?.rates[0]?.known?.worstMs).toBe(30_000 + timeoutMs + 30);
});

test("the classic mode has its own figures, and no budget", () => {
  const text = readFileSync(impossible, "utf8")
    .replace("rto: 8s", "rto: 3m")
    .replace("failover: automatic", "failover: approve")
    .replace("probeEvery: 10s", "probeEvery: 30s\n  watch: { mode: classic, preset: route53 }");
  const { exit, out } = run(written(text));
  expect(exit).toBe(0);
  expect(out.replaceAll(/\s+/g, " ")).toContain(
    "classic: 3 failures in a row and it is down, 3 successes and it is up",
  );
  expect(out).toMatch(/a fifth {2,}.* h {2,}.* days in 99 of 100 cases\n/);
  expect(out.replaceAll(/\s+/g, " ")).toContain("the classic rule has no budget");
});

test("a manifest that cannot be read is bad input", () => {
  expect(run(written("version: 1\n"))).toMatchObject({ exit: 2, out: "" });
});

test("no line is longer than the terminal, also for hundreds of services", () => {
  const many = Array.from(
    { length: 300 },
    (_, index) => `  s${index}:\n    type: postgresql\n    group: g${index % 7}\n    in:
      north: { url: "postgres://leeward@10.0.1.5:${6_000 + index}/s", password: "env:P" }
      south: { url: "postgres://leeward@10.0.2.5:${6_000 + index}/s", password: "env:P" }\n`,
  );
  const groups = Array.from({ length: 7 }, (_, index) => `  g${index}: { primary: [north, south] }\n`);
  const text = readFileSync(impossible, "utf8").replace(/groups:[\s\S]*$/, "");
  const { out, err } = run(written(`${text}groups:\n${groups.join("")}services:\n${many.join("")}`));
  expect(err).toBe("");
  expect(out.replaceAll(/\s+/g, " ")).toContain("and 289 more services");
  expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
});
