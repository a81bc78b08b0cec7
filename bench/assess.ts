// How long an assessment takes, by the size of the system: `node bench/assess.ts [--sizes 100,1000,10000] [--rounds 3]`.
// The core alone (model and catalog in memory), and the whole command as a process of its own, with the memory it took at most. The
// floor beside the command is a process that only parses the same file with the YAML library. Time per service should stay the same
// from row to row.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { knowledge } from "../src/catalog/knowledge.ts";
import { assess } from "../src/core/assess/assess.ts";
import { parseManifest } from "../src/manifest/parse.ts";

/** A mix as in the examples: front ends, workers, databases, queues, storage, caches, secrets, workflows, clusters. */
const types = [
  "http",
  "azure/aks",
  "azure/app-service",
  "azure/functions",
  "process",
  "azure/service-bus",
  "azure/logic-app",
  "azure/event-hubs",
  "azure/cache-for-redis",
  "azure/key-vault",
  "azure/cosmos-db",
  "azure/sql-database",
  "azure/postgresql",
  "azure/mysql",
  "azure/blob-storage",
  "azure/container-registry",
  "azure/log-analytics",
  "postgresql",
  "redis",
  "kubernetes/deployment",
];
const perGroup = 50;

function manifestOf(services: number): string {
  const groups = Math.max(1, Math.ceil(services / perGroup));
  const lines = [
    "version: 1",
    "system: large",
    "regions:",
    "  north: { at: azure/norwayeast }",
    "  south: { at: azure/swedencentral }",
    "  watch: { at: azure/westeurope, witness: true }",
    "objectives: { rto: 30m, rpo: 5m, residency: [NO, SE] }",
    "groups:",
  ];
  for (let g = 0; g < groups; g++) lines.push(`  g${g}: { primary: [north, south], failover: approve }`);
  lines.push("services:");
  for (let s = 0; s < services; s++) {
    const first = s - (s % perGroup);
    // Later ones need earlier ones: two each, one near and one far, so that there are chains and things many need.
    const needs =
      s === first
        ? []
        : [...new Set([s - 1 - (s % 3), first + ((s * 7) % (s - first))])].filter((n) => n >= first && n < s);
    lines.push(
      `  s${s}:`,
      `    type: ${types[s % types.length]}`,
      `    group: g${Math.floor(s / perGroup)}`,
      ...(needs.length === 0 ? [] : [`    needs: [${needs.map((need) => `s${need}`).join(", ")}]`]),
      ...(s % types.length < 5 ? ["    replicas: { primary: 4, standby: 2 }"] : []),
      "    in: { north: {}, south: {} }",
    );
  }
  lines.push("routes:");
  for (let g = 0; g < groups; g++) {
    lines.push(`  r${g}.example.com: { to: s${Math.min(services - 1, g * perGroup + 40)}, ttl: 30s }`);
  }
  return `${lines.join("\n")}\n`;
}

const flag = (name: string, fallback: string): string => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
};
const sizes = flag("--sizes", "100,1000,10000").split(",").map(Number);
const rounds = Number(flag("--rounds", "3"));

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const command = fileURLToPath(new URL("../bin/leeward.js", import.meta.url));
const spy = `data:text/javascript,process.on("exit",()=>process.stderr.write("maxrss "+process.resourceUsage().maxRSS+"\\n"))`;
const floor = `import{readFileSync}from"node:fs";import{parse}from"yaml";parse(readFileSync(process.argv[1],"utf8"),{maxAliasCount:0})`;

type Ran = { readonly ms: number; readonly mebibytes: number };

function run(args: readonly string[]): Ran {
  const began = performance.now();
  const ended = spawnSync(process.execPath, ["--import", spy, ...args], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    encoding: "utf8",
    timeout: 120_000,
    maxBuffer: 64 * 1_048_576,
  });
  const ms = performance.now() - began;
  if (ended.error !== undefined) throw ended.error;
  if (ended.status === null || ended.status > 1)
    throw new Error(`exit ${ended.status}: ${ended.stderr.slice(0, 2_000)}`);
  return { ms, mebibytes: Number(/maxrss (\d+)/.exec(ended.stderr)?.[1] ?? Number.NaN) / 1_024 };
}

const folder = mkdtempSync(join(tmpdir(), "leeward-bench-"));
try {
  console.log("services  core ms  us/service  command ms  MiB   YAML alone ms  command / YAML alone");
  for (const services of sizes) {
    const text = manifestOf(services);
    const file = join(folder, `large-${services}.yaml`);
    writeFileSync(file, text);
    const parsed = parseManifest(text, { file });
    if (parsed.kind === "bad") {
      throw new Error(JSON.stringify(parsed.problems.find((problem) => problem.severity === "error")));
    }
    const world = knowledge();
    assess(parsed.system, world, { today: "2026-11-21" });
    const core: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const began = performance.now();
      assess(parsed.system, world, { today: "2026-11-21" });
      core.push(performance.now() - began);
    }
    const whole: Ran[] = [];
    const bare: Ran[] = [];
    for (let round = 0; round < rounds; round++) {
      whole.push(run([command, "assess", file, "--json", join(folder, "report.json")]));
      bare.push(run(["--input-type=module", "-e", floor, file]));
    }
    const [coreMs, ms, yamlMs] = [median(core), median(whole.map((one) => one.ms)), median(bare.map((one) => one.ms))];
    const row = [
      services,
      Math.round(coreMs),
      ((coreMs * 1_000) / services).toFixed(1),
      Math.round(ms),
      Math.round(Math.max(...whole.map((one) => one.mebibytes))),
      Math.round(yamlMs),
      (ms / yamlMs).toFixed(2),
    ];
    console.log(row.map((cell, index) => String(cell).padEnd([10, 9, 12, 12, 6, 15, 0][index] ?? 0)).join(""));
  }
} finally {
  rmSync(folder, { recursive: true });
}
