// Draws the two tables as a page of documentation. Pure: rows in, Markdown out; a test holds docs/transitions.md against it.

import { criteria } from "./choice.ts";
import { type OrderRow, orders } from "./orders.ts";
import type { Part } from "./row.ts";
import { type Trouble, troubles } from "./rules.ts";
import { type Row, transitions } from "./transitions.ts";

/** As the table reads them, but that the rows about what cannot be judged are read after the standbys'. */
const parts: readonly (readonly [Part, string])[] = [
  ["standing", "Can anything be decided?"],
  ["standbys", "Standbys, while the primary serves"],
  ["staying", "Staying: why a primary in trouble is not left, or not yet"],
  ["leaving", "Leaving: by itself, or with a person's yes"],
  ["returning", "Returning: when trouble counts as over, and all that is well"],
];

export function transitionsPage(): string {
  return [
    "# What Leeward decides, and when",
    "",
    "Drawn from the tables in `src/core/decide/`; change those, then run `npx vitest run src/core/decide -u`.",
    "Words in braces are filled in with names and numbers when the sentence is said.",
    "",
    "## States of a group",
    "",
    "```mermaid",
    ...diagram(transitions),
    "```",
    "",
    "## Transitions",
    "",
    "Read from the top; the first row that holds decides.",
    "",
    "The parts are separate on purpose: what makes a group leave its primary need not be what makes it stay or come back. A row that",
    "does nothing, or asks, also says what would change it.",
    "",
    ...parts.flatMap(([part, title]) => [
      `### ${title}`,
      "",
      ...table(
        ["row", "in state", "when", "decision", "state then", "what it says", "and what would change it"],
        transitions.filter((row) => row.part === part).map(transitionCells),
      ),
      "",
    ]),
    "## Which standby takes over",
    "",
    "Criteria are read from the top; the first by which two differ decides between them, and is named in the reason.",
    "",
    ...table(
      ["criterion", "in"],
      criteria.map(({ id, applies }) => [code(id), applies === "always" ? "every switch" : `${applies} switches`]),
    ),
    "",
    "## Orders of a person",
    "",
    "Read from the top; the first row that holds answers. Orders override policy, pause and cool-down, never the safety rules.",
    "",
    ...table(["row", "order", "when", "answer", "state then", "what it says"], orders.map(orderCells)),
    "",
    "## Troubles of a primary, and what heals them",
    "",
    ...table(
      ["diagnosis", "remedy", "what keeps the old side from writing", "waits for a restart in place", "brown-out"],
      troubles.map(troubleCells),
    ),
    "",
  ].join("\n");
}

/** One arrow per pair of states, with the rows that lead along it; rows that hold in any state start from the outer frame. */
function diagram(rows: readonly Row[]): readonly string[] {
  const arrows = new Map<string, string[]>();
  for (const row of rows) {
    for (const from of row.from === "any" ? ["[*]"] : row.from) {
      const arrow = `${idOf(from)} --> ${idOf(row.enters)}`;
      arrows.set(arrow, [...(arrows.get(arrow) ?? []), row.id]);
    }
  }
  return ["stateDiagram-v2", ...[...arrows].map(([arrow, ids]) => `  ${arrow}: ${ids.join(", ")}`)];
}

function idOf(state: string): string {
  return state === "[*]" ? state : state.replaceAll("-", "_");
}

function transitionCells(row: Row): readonly string[] {
  return [
    code(row.id),
    row.from === "any" ? "any" : row.from.join(", "),
    row.when,
    row.decision,
    row.enters,
    row.sentence,
    row.until,
  ];
}

function orderCells(row: OrderRow): readonly string[] {
  return [code(row.id), row.kinds.join(", "), row.when, row.does, row.enters, row.sentence];
}

function troubleCells(row: Trouble): readonly string[] {
  const fence = row.fence === "lease" ? "the end of its lease" : "a fence receipt of its agent";
  const restart = row.restartWindowMs === 0 ? "no" : `${row.restartWindowMs / 1_000} s`;
  return [row.diagnosis, row.remedy, fence, restart, row.degraded ? "yes, by policy.degraded" : "no"];
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}
