// docs/coverage.md names rules, service types, methods and settings. Whatever it names exists, each document has its statements numbered
// without a gap, and no rule is known to the program alone.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { knowledge } from "../../src/catalog/knowledge.ts";
import { rules } from "../../src/core/assess/rules/table.ts";

/** Without blocks of code, whose fences are backticks too. */
const read = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8").replaceAll(/^```[\s\S]*?^```$/gm, "");
const coverage = read("coverage.md");

type Row = { readonly number: string; readonly knownAs: string; readonly newer: string };

const rows = coverage.split("\n").flatMap((line): readonly Row[] => {
  const cells = line.split("|").map((cell) => cell.trim());
  const [, number = "", , knownAs = "", newer = ""] = cells;
  return /^[A-Z]\d+$/.test(number) ? [{ number, knownAs, newer }] : [];
});

/** What stands in backticks, apart from commands, which have spaces. */
const named = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "").filter((name) => !name.includes(" "));

const ruleIds = new Set(rules.map((rule) => rule.id));
const world = knowledge();

/** Why it is nothing that Leeward knows; undefined: it is known. */
function unknownWhy(name: string): string | undefined {
  if (ruleIds.has(name)) return undefined;
  const [id = "", method] = name.split(":");
  const [typeId = "", setting] = method === undefined ? name.split(".") : [id];
  const type = world.serviceOf(typeId);
  if (type === undefined) return `${name} is neither a rule nor a service type`;
  if (method !== undefined && !type.methods.some((known) => known.id === method))
    return `${id} has no method ${method}`;
  if (setting !== undefined && type.settings[setting] === undefined) return `${typeId} has no setting ${setting}`;
  return undefined;
}

test("everything that the page names exists", () => {
  const faults = rows.flatMap((row) =>
    named(`${row.knownAs} ${row.newer}`).flatMap((name) => {
      const why = unknownWhy(name);
      return why === undefined ? [] : [`${row.number}: ${why}`];
    }),
  );
  expect(faults).toEqual([]);
});

test.each(["N", "O", "G", "L", "A"])("the statements of document %s are numbered without a gap", (letter) => {
  const numbers = rows.filter((row) => row.number.startsWith(letter)).map((row) => Number(row.number.slice(1)));
  expect(numbers.length).toBeGreaterThanOrEqual(25);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
});

test("each statement is known as something, or the page says why it is left out", () => {
  expect(rows.filter((row) => row.knownAs === "").map((row) => row.number)).toEqual([]);
});

test("what is newer or different has a date, or the number of the statement that differs", () => {
  const undated = rows.filter((row) => row.newer !== "" && !/\d{4}|\b[NOGLA]\d+\b|the document|`/.test(row.newer));
  expect(undated.map((row) => row.number)).toEqual([]);
});

test("a test of this page can fail: what does not exist is found", () => {
  expect(unknownWhy("no-such-rule")).toContain("neither");
  expect(unknownWhy("azure/aks:no-such-method")).toContain("no method");
  expect(unknownWhy("azure/aks.noSuchSetting")).toContain("no setting");
});

test("every rule is told to users: on this page or in docs/assess.md", () => {
  const told = new Set([...named(coverage), ...named(read("assess.md"))]);
  expect(rules.map((rule) => rule.id).filter((id) => !told.has(id))).toEqual([]);
});

test("docs/assess.md lists each rule once, with the severity that it has", () => {
  const listed = [...read("assess.md").matchAll(/^\| `([a-z-]+)` \| (error|warning|note) \|/gm)];
  const severityOf = { error: "error", warning: "warning", info: "note" } as const;
  expect(listed.map((match) => `${match[1]} ${match[2]}`)).toEqual(
    rules.map((rule) => `${rule.id} ${severityOf[rule.severity]}`),
  );
});

test("a rule that cites our own pages cites a heading that is there", () => {
  const headings = (page: string): ReadonlySet<string> =>
    new Set([...read(page).matchAll(/^#{2,3} (.+)$/gm)].map((match) => match[1] ?? ""));
  const pages = { "assess.md": headings("assess.md"), "architecture.md": headings("architecture.md") };
  const cited = rules.flatMap((rule) => {
    const [, page, heading] = /^Leeward, docs\/(assess\.md|architecture\.md): (.+)$/.exec(rule.source.title) ?? [];
    return page === undefined || heading === undefined ? [] : [{ rule: rule.id, page, heading }];
  });
  expect(cited.length).toBeGreaterThan(5);
  expect(cited.filter(({ page, heading }) => !pages[page as keyof typeof pages].has(heading))).toEqual([]);
});
