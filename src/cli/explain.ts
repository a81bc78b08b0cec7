// `leeward explain [RULE]`: what a rule of the assessment looks at, why it matters, how to mend it, and who says so.

import { rules } from "../core/assess/rules/table.ts";
import { makeNearest } from "../manifest/nearest.ts";
import { hang, painter, table, wrap } from "../render/text/layout.ts";

export type ExplainIo = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly color: boolean;
  readonly width: number;
};

/** 0: explained. 2: there is no such rule. */
export function explain(id: string | undefined, io: ExplainIo): 0 | 2 {
  const paint = painter({ color: io.color });
  if (id === undefined) {
    const rows = rules.map((rule) => [rule.id, rule.severity === "info" ? "note" : rule.severity, rule.title]);
    const columns = [{ title: "rule" }, { title: "severity" }, { title: "what is wrong" }];
    io.out(
      `${rules.length} rules; leeward explain RULE gives the reason of one.\n\n${table(columns, rows, { width: io.width, paint }).join("\n")}\n`,
    );
    return 0;
  }
  const rule = rules.find((one) => one.id === id);
  if (rule === undefined) {
    const meant = makeNearest()(
      id,
      rules.map((one) => one.id),
    );
    io.err(
      `There is no rule named ${id.slice(0, 60)}. ${meant === undefined ? "leeward explain lists them." : `Did you mean ${meant}?`}\n`,
    );
    return 2;
  }
  const { title, url, asOf } = rule.source;
  io.out(
    `${[
      ...wrap(
        `${paint("strong", rule.id)}: ${rule.title} (${rule.severity === "info" ? "note" : rule.severity}).`,
        io.width,
      ),
      "",
      ...wrap(rule.why, io.width),
      "",
      ...hang("Mend: ", rule.mend, io.width),
      "",
      ...hang("Source: ", `${title}, as of ${asOf}${url === undefined ? "" : `, ${url}`}`, io.width),
      ...hang(
        "Accept: ",
        `accepted: [{ rule: ${rule.id}, of: NAME, why: "...", until: YYYY-MM-DD }] in the manifest`,
        io.width,
      ),
    ].join("\n")}\n`,
  );
  return 0;
}
