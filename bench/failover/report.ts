// What the bench says at its end, to people and to programs, and what must be known to read its ratios fairly.

import { cpus } from "node:os";
import type { Contender } from "./contender.ts";
import type { Round } from "./round.ts";
import { ratiosOf, renderRatios, renderTable, rowsOf } from "./table.ts";
import { connectLimitMs, insertEveryMs, insertLimitMs } from "./writer.ts";

export type Outcome = {
  readonly mode: "async" | "sync";
  readonly fronts: string;
  readonly contenders: readonly Contender[];
  /** Of the other system's programs. */
  readonly versions: string;
  /** Why the other system was left out; empty if it was not. */
  readonly missing: readonly string[];
  readonly played: readonly Round[];
  readonly failures: readonly string[];
};

const differences = [
  "Network: every link of Leeward's lab delays by 15 ms each way (--delay 0: none); Patroni's parts talk over loopback without delay.",
  "Rate: the steady client waits for each acknowledgement, so that with delay it writes about 16 rows a second rather than 100.",
  "Kill: in Leeward's lab the region's links fall silent before its processes die, so that nobody is told; Patroni's dead region refuses connections at once.",
  "Front: HAProxy survives every event; Leeward's writer uses the router of the region that survives (--fronts all: the dying region's first).",
  "Store: one etcd for Patroni, which survives every event; Leeward's controller is in a third region.",
  "Server: the PostgreSQL of the system for Patroni, the one of the npm package for Leeward; data on the same disk, fsync on for both.",
  "Load: Leeward's lab runs the shop's web and mail processes too, which nobody calls here.",
];

export function reportOf(outcome: Outcome): object {
  const rows = rowsOf(outcome.played);
  return {
    version: 1,
    mode: outcome.mode,
    fronts: outcome.fronts,
    machine: { cores: cpus().length, node: process.versions.node, platform: `${process.platform} ${process.arch}` },
    versions: outcome.versions,
    writer: { insertEveryMs, insertLimitMs, connectLimitMs },
    contenders: outcome.contenders.map(({ system, profile, what }) => ({ system, profile, what })),
    differences,
    missing: outcome.missing,
    failures: outcome.failures,
    rows,
    ratios: ratiosOf(rows).map(({ event, leeward, best, ratio }) => ({
      ...{ event, leeward: leeward.profile, leewardMs: leeward.outageMs.median },
      ...{ against: `${best.system} ${best.profile}`, againstMs: best.outageMs.median, ratio },
    })),
    rounds: outcome.played,
  };
}

export function renderReport(outcome: Outcome): string {
  const rows = rowsOf(outcome.played);
  const ratios = ratiosOf(rows);
  const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join("\n");
  const parts = [
    rows.length === 0 ? "No round was played to its end." : renderTable(rows),
    ratios.length === 0 ? "No ratio: no event was played by both systems." : renderRatios(ratios),
    outcome.contenders.map(({ system, profile, what }) => `${system}, ${profile}: ${what}`).join("\n"),
    `What differs:\n${indented(differences)}`,
    ...(outcome.missing.length === 0 ? [] : [`Patroni was not measured:\n${indented(outcome.missing)}`]),
    ...(outcome.failures.length === 0 ? [] : [`Not played:\n${indented(outcome.failures)}`]),
  ];
  return `\n${parts.join("\n\n")}\n`;
}
