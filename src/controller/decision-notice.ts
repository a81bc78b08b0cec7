// Which decision a person is told of, and in which words.

import type { Decision, Question } from "../core/decide/decision.ts";
import { decideRules } from "../core/decide/rules.ts";
import type { Notice } from "../ports/notifier.ts";

/**
 * A question is told once, and again as its own reminders and successors come; everything else when the rule changes. `before`: the
 * question that was open until now. `anew`: another rule than before, or an order.
 */
export function noticeOf(
  decision: Decision,
  before: Question | undefined,
  anew: boolean,
): Pick<Notice, "kind" | "sentence" | "next"> | undefined {
  const next = decision.next === undefined ? {} : { next: decision.next };
  const question = decision.kind === "ask" ? decision.question : undefined;
  if (question !== undefined) {
    const { id, reminders } = question;
    if (before?.id === id && before.reminders === reminders) return undefined;
    const again = before?.id === id ? `reminder ${reminders} of ${decideRules.remindersMax}: ` : "asked anew: ";
    return { kind: "asked", sentence: `${before === undefined ? "" : again}${sentenceOf(decision)}`, ...next };
  }
  if (!anew || (decision.kind === "hold" && !decision.attention)) return undefined;
  const kind = decision.kind === "hold" ? "trouble" : decision.kind === "ask" ? "asked" : "decided";
  return { kind, sentence: sentenceOf(decision), ...next };
}

/** The reason, what waiting costs, and until when nothing is done. */
function sentenceOf({ reason, waiting, until, kind }: Decision): string {
  const more = [waiting, kind === "hold" && until !== undefined ? `this holds ${until}` : undefined];
  return [reason, ...more.filter((one) => one !== undefined)].join(". ");
}
