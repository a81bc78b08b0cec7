// `leeward audit verify` and `leeward audit export`: the audit trail checked, and written where its system cannot reach it.
// Exit codes: 0 unbroken; 1 not as it was written; 2 bad usage; 3 cannot be read or written.

import { writeFileSync } from "node:fs";
import { exportText } from "../core/audit/export.ts";
import { type TrailRow, type TrailVerdict, verifyTrail } from "../core/audit/verify.ts";
import { auditText, breakSentence, headSentence } from "../render/text/audit.ts";
import type { SystemStatus, TrailPart } from "../wire/people.ts";
import { messageOf, Refusal } from "./context.ts";
import { ask, type Reach } from "./tell.ts";
import { type TrailSource, trailOf } from "./trail.ts";

export type VerifyFlags = {
  readonly state?: string;
  readonly file?: string;
  readonly head?: readonly string[];
  readonly json?: boolean;
};

export function verifyAudit(flags: VerifyFlags): number {
  const { rows, groups, where } = trailOf(flags);
  const verdict = verifyTrail(rows, flags.head ?? [], groups);
  const none = verdict.heads.length === 0 && verdict.breaks.length === 0;
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify(jsonOf(verdict, where), undefined, 2)}\n`
      : auditText(verdict, where, { color: process.stdout.isTTY === true }),
  );
  return verdict.unbroken && !none ? 0 : 1;
}

function jsonOf(verdict: TrailVerdict, where: string): unknown {
  return {
    version: 1,
    source: where,
    unbroken: verdict.unbroken && verdict.heads.length > 0,
    trails: verdict.heads.map((head) => ({ ...head, sentence: headSentence(head) })),
    breaks: verdict.breaks.map((one) => ({ ...one, sentence: breakSentence(one) })),
    kept: verdict.kept,
  };
}

export type ExportFlags = Reach & { readonly state?: string; readonly out: string };

/** From the controller, or from its state folder when that is given. */
export async function exportAudit(flags: ExportFlags): Promise<number> {
  const { rows, where } = flags.state === undefined ? await fromController(flags) : trailOf({ state: flags.state });
  const text = exportText(rows);
  if (flags.out === "-") process.stdout.write(text);
  else {
    try {
      writeFileSync(flags.out, text, { mode: 0o600, flag: "wx" });
    } catch (error) {
      const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
      const why = exists ? "it exists already, and an export is never written over another" : messageOf(error);
      throw new Refusal(`${flags.out} cannot be written: ${why}.`, 3);
    }
  }
  const verdict = verifyTrail(rows);
  const entries = `${rows.length.toLocaleString("en")} ${rows.length === 1 ? "entry" : "entries"}`;
  process.stderr.write(`${entries} of ${where} exported.\n${auditText(verdict, where)}`);
  return verdict.unbroken ? 0 : 1;
}

const partMax = 500;

async function fromController(flags: Reach): Promise<Pick<TrailSource, "rows" | "where">> {
  const rows: TrailRow[] = [];
  const { groups } = await ask<SystemStatus>(flags, "status", {});
  for (const { group } of groups) {
    for (let afterSeq = 0; ; ) {
      const part = await ask<TrailPart>(flags, "trail", { group, afterSeq, max: partMax });
      if (!part.read)
        throw new Refusal(
          "The controller's store does not answer now. Try again, or give its state folder with --state.",
          3,
        );
      const last = part.rows.at(-1);
      if (last === undefined) break;
      rows.push(...part.rows.map(({ seq, text }) => ({ group, seq, text })));
      afterSeq = last.seq;
    }
  }
  return { rows, where: "the controller" };
}
