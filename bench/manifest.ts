// How long a manifest takes to read, by its size: `node bench/manifest.ts`. The time per service should stay the same from row to row.

import { parseManifest } from "../src/manifest/parse.ts";

const sizes = [100, 1_000, 2_500, 5_000, 10_000];

function manifestOf(services: number, broken: boolean): string {
  const lines = [
    "version: 1",
    "system: large",
    "regions:",
    "  north: { at: azure/norwayeast }",
    "  south: { at: azure/swedencentral }",
    "  watch: { at: azure/westeurope, witness: true }",
    "groups:",
  ];
  for (let g = 0; g < services / 100; g++) lines.push(`  g${g}: { primary: [north, south] }`);
  lines.push("services:");
  for (let s = 0; s < services; s++) {
    lines.push(`  s${s}:`, "    type: http", `    group: g${Math.floor(s / 100)}`);
    if (s > 0) lines.push(`    needs: [s${broken && s % 10 === 0 ? `${s - 1}-gone` : s - 1}]`);
    lines.push(
      "    replicas: { primary: 2, standby: 1 }",
      "    in:",
      `      north: { url: "http://n${s}.example.com:8080" }`,
      `      south: { url: "http://s${s}.example.com:8080" }`,
    );
  }
  return `${lines.join("\n")}\n`;
}

console.log("services  KiB      ms, median of 3  us per service  problems");
for (const broken of [false, true]) {
  for (const services of sizes) {
    const text = manifestOf(services, broken);
    const times: number[] = [];
    let problems = 0;
    for (let round = 0; round < 3; round++) {
      const start = performance.now();
      const parsed = parseManifest(text, { file: "large.yaml" });
      times.push(performance.now() - start);
      problems = parsed.kind === "ok" ? parsed.warnings.length : parsed.problems.length;
    }
    const median = times.sort((a, b) => a - b)[1] ?? 0;
    const row = [
      services,
      Math.round(text.length / 1024),
      Math.round(median),
      Math.round((median * 1_000) / services),
      problems,
    ];
    console.log(row.map((cell, index) => String(cell).padEnd([10, 9, 17, 16, 0][index] ?? 0)).join(""));
  }
}
