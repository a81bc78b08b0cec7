// A trail as a file: one entry a line, in the order of the chain, each line exactly the text that is hashed. Rows of an older version
// are carried as the text that the store had. Reading it back gives the rows again, whatever somebody did to the file.

import { canonical } from "./canonical.ts";
import { isEntry, isIntact } from "./entry.ts";
import type { TrailRow } from "./verify.ts";

export function exportText(rows: readonly TrailRow[]): string {
  return rows.map((row) => `${lineOf(row)}\n`).join("");
}

function lineOf({ group, seq, text }: TrailRow): string {
  return isEntry(parsed(text)) ? text : canonical({ earlier: text, group, seq });
}

/** `whole`: the bytes were UTF-8 throughout. The last line must be whole too. */
export function importRows(text: string): readonly TrailRow[] {
  const lines = text.split("\n");
  const torn = lines.pop() ?? "";
  const rows: TrailRow[] = [];
  for (const line of lines) rows.push(rowOf(line, rows.at(-1)));
  // Written in one go, a line without its end was cut, or its end was changed.
  if (torn !== "") rows.push({ ...rowOf(torn, rows.at(-1)), fault: "its line does not end as it should" });
  return rows;
}

/** What says neither its group nor its number stands where it stands: after the line before. */
function rowOf(line: string, before: TrailRow | undefined): TrailRow {
  const place = { group: before?.group ?? "", seq: (before?.seq ?? 0) + 1 };
  const value = parsed(line);
  if (isEntry(value)) {
    // Only an entry that is as it was written can begin another group; a changed name is a fault of this one.
    const known = before === undefined || value.group === before.group || isIntact(value) ? value.group : place.group;
    return { group: known, seq: value.seq, text: line };
  }
  const old = value as { readonly earlier?: unknown; readonly group?: unknown; readonly seq?: unknown } | undefined;
  if (typeof old?.earlier === "string" && typeof old.group === "string" && typeof old.seq === "number") {
    const row = { group: old.group, seq: old.seq, text: old.earlier };
    return canonical({ earlier: row.text, group: row.group, seq: row.seq }) === line
      ? row
      : { ...row, fault: "its line has been changed" };
  }
  return { ...place, text: line, fault: "its line is no entry" };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
