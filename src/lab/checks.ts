// What a story must have seen, as rows: each says in words what must be so, and looks for it in everything that was noted. A story
// passes when every row holds; what does not hold is a sentence in the report. Pure.

import type { LabReport } from "../core/model/lab-report.ts";
import type { RunReport, TimelineEvent } from "../wire/people.ts";
import type { Noted } from "./noted.ts";
import type { Role } from "./story.ts";
import type { LedgerEntry } from "./users/ledger.ts";

/** Everything there is to look at when a story has been played. */
export type Sight = {
  readonly report: LabReport;
  readonly names: Readonly<Record<Role, string>>;
  /** Since the fault. */
  readonly events: readonly TimelineEvent[];
  readonly noted: Noted;
  readonly runs: readonly RunReport[];
  readonly entries: readonly LedgerEntry[];
  readonly epochBefore: number;
  /** When the first fault had taken hold, and when the last step of the first act was over. */
  readonly struckAt: number;
  readonly actEndedAt: number;
  readonly leaseMs: number;
  /** What the controller answered to what the lab asked of it. */
  readonly answers: readonly { readonly asked: string; readonly accepted: boolean; readonly sentence: string }[];
};

export type Check = {
  readonly what: string;
  /** Undefined: it holds. Otherwise what was found instead, as a sentence. */
  readonly fails: (sight: Sight) => string | undefined;
  /** The diagnosis that the story is about. */
  readonly says?: { readonly names: readonly string[]; readonly of: Role };
};

const acknowledged = (entry: LedgerEntry): boolean => entry.outcome === "acknowledged";
const load = (sight: Sight): readonly LedgerEntry[] => sight.entries.filter((entry) => entry.client === "users");
const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`;

/** One of these diagnoses was made of this region; with `evident` also with a statistic above its threshold and the vantages behind it. */
export function said(names: readonly string[], of: Role, evident: "evident" | "plain" = "plain"): Check {
  return {
    what: `${names.join(" or ")} is said of the ${of}'s region${evident === "evident" ? ", with statistic, threshold and vantages" : ""}`,
    says: { names, of },
    fails(sight) {
      const region = sight.names[of];
      const found = sight.noted.diagnoses.filter((one) => names.includes(one.name) && one.region === region);
      if (found.length === 0) {
        const others = [...new Set(sight.noted.diagnoses.map((one) => `${one.name} of ${one.region}`))];
        return `nobody said ${names.join(" or ")} of ${region}; said was ${others.join(", ") || "nothing"}`;
      }
      if (evident === "plain") return undefined;
      const proved = found.some(
        ({ evidence }) =>
          evidence !== undefined && evidence.vantages.length > 0 && evidence.statistic >= evidence.threshold,
      );
      return proved ? undefined : `${found[0]?.name} of ${region} came without a statistic above its threshold`;
    },
  };
}

/** Why it acted, or did not, is said in words that match. */
export function reasoned(words: RegExp, what: string): Check {
  return {
    what,
    fails({ noted }) {
      if (noted.decisions.some((one) => words.test(one.reason))) return undefined;
      return `no decision gave the reason: ${what}; the reasons were: ${noted.decisions.map((one) => one.reason).join(" | ") || "none"}`;
    },
  };
}

/** A person was asked. */
export function asked(words: RegExp, what: string): Check {
  return {
    what: `a person is asked: ${what}`,
    fails({ noted }) {
      const questions = noted.decisions.filter((one) => one.kind === "ask");
      if (questions.some((one) => words.test(one.reason))) return undefined;
      return questions.length === 0
        ? "no person was asked"
        : `a person was asked something else: ${questions.map((one) => one.reason).join(" | ")}`;
    },
  };
}

/** Users have what they were promised: for stories in which nothing may be lost though commits do not wait. */
export const nothingLost: Check = {
  what: "nothing acknowledged is lost",
  fails: ({ report }) =>
    report.lost === 0
      ? undefined
      : `${report.lost} of ${report.acknowledged} acknowledged orders were lost, and not one may be`,
};

export const nothingRefused: Check = {
  what: "no write is refused, none is left unknown",
  fails: ({ report }) =>
    report.refused + report.unknown === 0
      ? undefined
      : `${report.refused} writes were refused and ${report.unknown} left unknown`,
};

/** Traffic went to one region only, under one epoch. */
export const trafficStayed: Check = {
  what: "traffic goes to the primary's region alone, under the epoch it had",
  fails({ noted, names, entries, epochBefore }) {
    const elsewhere = noted.traffic.filter((region) => region !== names.primary);
    if (elsewhere.length > 0) return `traffic was led to ${elsewhere.join(", ")} too`;
    const other = entries.find(
      (entry) =>
        entry.client !== "direct" && acknowledged(entry) && entry.epoch !== undefined && entry.epoch !== epochBefore,
    );
    return other === undefined ? undefined : `a write was acknowledged under epoch ${other.epoch}, not ${epochBefore}`;
  },
};

/** I1. Whoever cannot renew is silent when its lease has run out, counted from the moment it could no longer be renewed. */
export const silentByLeaseEnd: Check = {
  what: "the old side's routers acknowledge nothing after the end of its lease",
  fails({ entries, epochBefore, struckAt, leaseMs }) {
    // An answer is on its way to the users for a while.
    const latest = struckAt + leaseMs + answerMs;
    const late = entries.filter(
      (entry) =>
        entry.client !== "direct" && acknowledged(entry) && entry.epoch === epochBefore && entry.endedAt > latest,
    );
    return late.length === 0
      ? undefined
      : `${late.length} writes were acknowledged under epoch ${epochBefore} up to ${Math.round(Math.max(...late.map((one) => one.endedAt)) - struckAt)} ms after the fault; the lease lasts ${leaseMs} ms`;
  },
};

/** 15 ms of link, and what a busy machine adds to them before an answer is read. */
const answerMs = 250;

/** I3. A standby that confirms no more is not simply left out: what is acknowledged without it is so after an epoch has excluded it. */
export const strict: Check = {
  what: "no write is acknowledged without the standby before an epoch excludes it",
  fails({ entries, runs, struckAt }) {
    const excludedAt = runs.find((run) => run.kind === "unprotect" && run.startedAt >= struckAt)?.startedAt;
    const loose = entries.filter(
      (entry) =>
        entry.client !== "direct" &&
        acknowledged(entry) &&
        // What was sent before may have been confirmed before, however late a busy machine reads the answer.
        entry.sentAt > struckAt &&
        entry.endedAt < (excludedAt ?? Number.POSITIVE_INFINITY),
    );
    return loose.length === 0
      ? undefined
      : `${loose.length} writes were sent after the standby was gone and acknowledged${excludedAt === undefined ? ", and no epoch excluded it" : " and before an epoch excluded it"}`;
  },
};

export const epochGrew: Check = {
  what: "users write again, after an epoch of its own",
  fails({ noted, entries, struckAt, actEndedAt }) {
    if (noted.epochs.length < 2) return "no epoch came after the fault";
    const late = entries.some((entry) => acknowledged(entry) && entry.endedAt > struckAt && entry.endedAt < actEndedAt);
    return late ? undefined : "no write was acknowledged after the fault";
  },
};

/** The receipt of the old side's agent is enough: nobody waits for a lease that is still renewed. */
export const fencedByReceipt: Check = {
  what: "the failover goes on with the old side's fence receipt, without waiting for its lease",
  fails({ report, names }) {
    const fence = report.steps.find((step) => step.phase === "fence" && step.region === names.primary);
    const promote = report.steps.find((step) => step.phase === "data" && step.region !== names.primary);
    if (promote === undefined) return "nobody was promoted";
    if (fence === undefined || fence.outcome !== "done")
      return `no fence receipt came from ${names.primary}${fence === undefined ? "" : `: ${fence.reason}`}`;
    return fence.endedAt <= promote.startedAt + 1 ? undefined : "the promotion did not wait for the receipt";
  },
};

/** The lab itself: users met the failures that were ordered. */
export function usersMet(share: number): Check {
  return {
    what: `about ${percent(share)} of the users' requests fail`,
    fails(sight) {
      const during = load(sight).filter((entry) => entry.sentAt > sight.struckAt && entry.endedAt < sight.actEndedAt);
      const tries = during.reduce((sum, entry) => sum + entry.attempts, 0);
      const failed = during.reduce((sum, entry) => sum + entry.attempts - (acknowledged(entry) ? 1 : 0), 0);
      // Where users were led away from it they meet it no more, so the upper bound is the one that counts.
      return failed > 0 && failed / tries < share * 1.5
        ? undefined
        : `${failed} of ${tries} requests of users failed, ${percent(tries === 0 ? 0 : failed / tries)}`;
    },
  };
}

export const oneOrderWins: Check = {
  what: "one of the two orders is accepted, and the other is told why it is not",
  fails({ answers }) {
    const yes = answers.filter((one) => one.accepted);
    const no = answers.filter((one) => !one.accepted);
    if (yes.length === 1 && no.length === 1 && (no[0]?.sentence.length ?? 0) > 10) return undefined;
    return `the answers were: ${answers.map((one) => `${one.asked}: ${one.accepted ? "yes" : "no"}, ${one.sentence}`).join(" | ")}`;
  },
};

/** The choice among several standbys is given with its reason. */
const choiceSaid: Check = {
  what: "the choice among several standbys is said with its reason",
  fails: ({ report }) =>
    report.decision !== "failover" || /takes over, (for|the one|first|because)/.test(report.reason)
      ? undefined
      : `the reason of the failover does not say why it went where it went: ${report.reason}`,
};

/** What a failover would lose is shown while it grows. */
export function lossShown(ms: number): Check {
  return {
    what: `what a failover would lose is shown to grow to ${ms / 1_000} s and more`,
    fails: ({ noted }) =>
      noted.lossBoundMs >= ms ? undefined : `the most that was shown is ${Math.round(noted.lossBoundMs / 100) / 10} s`,
  };
}

/** However the story ends, it ends with users who write. */
const usersServed: Check = {
  what: "users write at the end",
  fails(sight) {
    const last = Math.max(
      0,
      ...load(sight)
        .filter(acknowledged)
        .map((entry) => entry.endedAt)
        .slice(-servedLook),
    );
    const until = sight.report.timeline.endedAt;
    return until - last < servedWithinMs
      ? undefined
      : `the last write was acknowledged ${Math.round((until - last) / 100) / 10} s before the end`;
  },
};

const servedLook = 1_000;
const servedWithinMs = 3_000;

const alwaysChecked: readonly Check[] = [usersServed];

export type Checked = { readonly what: string; readonly held: boolean; readonly found: string };

export function checkAll(sight: Sight, own: readonly Check[], standbys: number): readonly Checked[] {
  return [...alwaysChecked, ...(standbys > 1 ? [choiceSaid] : []), ...own].map((check) => {
    const found = check.fails(sight);
    return { what: check.what, held: found === undefined, found: found ?? "" };
  });
}
