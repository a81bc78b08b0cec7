// Is this HTTP answer the answer of a service that is well?

import { runInNewContext } from "node:vm";
import type { HttpExpectation } from "../../core/model/health-probe.ts";
import type { Head } from "./http-answer.ts";
import { type Finding, ill, well } from "./look.ts";

/** An answer to "are you well" that says it will be answered later is at most so long. */
export const smallBodyBytes = 1024;
/** A pattern that has not matched by then does not: the body is the server's, and could hold this process up. */
const matchWithinMs = 20;

const usual = [{ from: 200, to: 399 }] as const;
/** Signs of an answer that was given before the work was done. RFC 7240 and the asynchronous operations of Azure. */
const laterHeaders = ["operation-location", "azure-asyncoperation"];
const laterBody =
  /^\s*(?:"?(?:queued|enqueued|accepted|pending)"?[.!]?\s*$|\{[^{}]*"(?:status|state|result)"\s*:\s*"(?:queued|enqueued|accepted|pending)")/i;

const later =
  "which says that it will be looked into later and nothing of now: a health answer has to be given in the same call";

/** All that the head alone can say. Undefined: so far it is well. */
export function judgeHead(head: Head, expected: HttpExpectation): Finding | undefined {
  const { status, headers } = head;
  if (status === 202) return ill(`It answered with status 202, ${later}.`);
  const isExpected = (expected.status ?? usual).some(({ from, to }) => status >= from && status <= to);
  if (!isExpected) return ill(`It answered with status ${status}.`);
  const sign = laterHeaders.find((name) => headers.has(name));
  if (sign !== undefined) return ill(`It answered with the header ${sign}, ${later}.`);
  if (headers.get("preference-applied")?.toLowerCase().includes("respond-async") === true)
    return ill(`It answered "respond-async", ${later}.`);
  return undefined;
}

/** `ended`: there is no more of the body than this, or no more that counts. */
export function judgeBody(body: string, ended: boolean, expected: HttpExpectation["body"]): Finding | "more" {
  if (expected === undefined) return laterBody.test(body) ? ill(`It answered ${quoted(body.trim())}, ${later}.`) : well;
  if ("contains" in expected) {
    if (body.includes(expected.contains)) return well;
    return ended ? ill(`Its answer does not contain ${quoted(expected.contains)}: ${quoted(body)}.`) : "more";
  }
  if (!ended) return "more";
  return matches(body, expected.matches)
    ? well
    : ill(`Its answer does not match /${expected.matches}/: ${quoted(body)}.`);
}

/** Under a time limit that a regular expression cannot outlast. */
function matches(body: string, pattern: string): boolean {
  try {
    const found: unknown = runInNewContext(
      "new RegExp(pattern, 'u').test(body)",
      { body, pattern },
      { timeout: matchWithinMs },
    );
    return found === true;
  } catch {
    return false;
  }
}

export function quoted(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  return text === "" ? "nothing" : JSON.stringify(shown);
}
