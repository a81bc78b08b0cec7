// How soon a dead region is known is said by three commands. It is one figure.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leeward-agree-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function leeward(...args: readonly string[]): string {
  const done = spawnSync(process.execPath, ["bin/leeward.js", ...args], { cwd: root, encoding: "utf8" });
  // 1: the answer is no, which an assessment or a plan of a watch may well be.
  expect([0, 1], done.stderr).toContain(done.status);
  return done.stdout;
}

test.each(["shop", "watch/brown-out-in-a-minute", "watch/impossible"])(
  "assess, plan and watch-plan say the same of examples/%s",
  (name) => {
    const file = `examples/${name}/leeward.yaml`;
    const out = join(folder, "answer.json");
    const json = () => JSON.parse(readFileSync(out, "utf8"));
    leeward("assess", file, "--json", out);
    const lost = json().losses.find((loss: { readonly region: string }) => loss.region === "north");
    const assessed = lost.rtoTerms[0];
    expect(assessed.what).toBe("detection by Leeward's own watch");
    leeward("watch-plan", file, "--json", out);
    const agent = json().targets.find(
      (one: { readonly region: string; readonly service: string }) => one.region === "north" && one.service === "agent",
    );
    const { expectedMs, worstMs } = agent.rates[0].known;
    const [planned] = JSON.parse(leeward("plan", file, "--fail", "north", "--json"));
    expect(assessed.seconds).toEqual({ expected: expectedMs / 1_000, worst: worstMs / 1_000 });
    expect(planned.expected).toMatchObject({ detectionMs: expectedMs, detectionWorstMs: worstMs });
  },
  30_000,
);
