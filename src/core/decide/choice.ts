// Which of several standbys takes over, and why this one and none of the others. Criteria are read from the top: the first by which two
// differ decides between them, and is the reason that is given. Data comes before comfort: replicas can be started, rows cannot.

import { duration } from "../watch/sentence.ts";
import type { Candidate, Considered, DecideInput } from "./decision.ts";
import { decideRules } from "./rules.ts";
import { type How, type Judged, judge } from "./targets.ts";

type Compared = { readonly judged: Judged; readonly candidate: Candidate | undefined; readonly order: number };

type Criterion = {
  readonly id: string;
  readonly applies: "always" | How;
  /** Lower is better. Whole numbers or classes, so that the order is the same whichever two are compared first. */
  readonly value: (one: Compared) => number;
  /** Why `better` comes before `worse`, said of `better`. */
  readonly why: (better: Compared, worse: Compared) => string;
};

/** Finite, so that two unknowns compare as equal instead of as NaN. */
const unknown = Number.MAX_SAFE_INTEGER;

const loss = ({ judged }: Compared): number =>
  judged.lossBoundMs === "unknown" ? unknown : Math.floor(judged.lossBoundMs / decideRules.lossAlikeMs);
const capacity = ({ candidate }: Compared): number => Math.round((1 - (candidate?.capacity ?? 1)) * 100);
const latency = ({ candidate }: Compared): number =>
  candidate?.latencyMs === undefined ? unknown : Math.floor(candidate.latencyMs / decideRules.latencyAlikeMs);
const behind = ({ candidate }: Compared): number => candidate?.behindBytes ?? unknown;

export const criteria: readonly Criterion[] = [
  {
    id: "fit",
    applies: "always",
    value: ({ judged }) => (judged.refusedWhy === undefined ? 0 : 1),
    why: (_, worse) => worse.judged.refusedWhy ?? "",
  },
  {
    id: "health",
    applies: "always",
    value: ({ judged }) => (judged.unwell === undefined ? 0 : 1),
    why: (_, worse) => `${worse.judged.region} is unwell (${worse.judged.unwell ?? ""})`,
  },
  {
    id: "loss",
    applies: "forced",
    value: loss,
    why: (better, worse) => `it may lose ${lossOf(better)}, ${worse.judged.region} ${lossOf(worse)}`,
  },
  {
    id: "position",
    applies: "forced",
    value: behind,
    why: (better, worse) =>
      behind(worse) === unknown
        ? `how far ${worse.judged.region} has come is not known`
        : `it has ${(behind(worse) - behind(better)).toLocaleString("en")} bytes more than ${worse.judged.region}`,
  },
  {
    id: "capacity",
    applies: "always",
    value: capacity,
    why: (better, worse) =>
      `${share(better)} of the capacity is ready there, ${share(worse)} in ${worse.judged.region}`,
  },
  {
    id: "latency",
    applies: "always",
    value: latency,
    why: (better, worse) => `it is nearer (${round(better)}) than ${worse.judged.region} (${round(worse)})`,
  },
  {
    id: "manifest",
    applies: "always",
    value: ({ order }) => order,
    why: (_, worse) => `it comes before ${worse.judged.region} in the manifest, alike otherwise`,
  },
];

/** Every region that the manifest allows, but the primary; the best first. The refused come last. */
export function targetsFor(input: DecideInput, how: How): readonly Judged[] {
  return ranked(input, how).map(({ judged }) => judged);
}

/** The same with ranks and reasons: of each, why it does not come earlier. */
export function consideredFor(input: DecideInput, how: How): readonly Considered[] {
  const all = ranked(input, how);
  return all.map((one, index): Considered => {
    const { region, lossBoundMs, refusedWhy } = one.judged;
    const before = all[index - 1];
    const why = refusedWhy ?? (before === undefined ? firstWhy(one, all[1], how) : betterWhy(before, one, how));
    return { region, rank: index + 1, lossBoundMs, why, ...(refusedWhy === undefined ? {} : { refusedWhy }) };
  });
}

/** Why the first comes first, in words that follow its name: "the only standby that can take over", "for it may lose 0.4 s, ...". */
export function choiceWords(input: DecideInput, how: How): string {
  const [first, second] = ranked(input, how);
  return first === undefined ? "" : firstWhy(first, second, how);
}

function firstWhy(first: Compared, second: Compared | undefined, how: How): string {
  if (second === undefined || second.judged.refusedWhy !== undefined) return "the only standby that can take over";
  return `for ${betterWhy(first, second, how)}`;
}

function betterWhy(better: Compared, worse: Compared, how: How): string {
  const decides = applying(how).find((one) => one.value(better) !== one.value(worse));
  return decides?.why(better, worse) ?? "";
}

function ranked(input: DecideInput, how: How): readonly Compared[] {
  const rules = applying(how);
  return input.group.primary
    .filter((region) => region !== input.record?.primary)
    .map((region, order): Compared => {
      const candidate = input.candidates.find((one) => one.region === region);
      return { judged: judge(input, region, how), candidate, order };
    })
    .sort((a, b) => {
      for (const rule of rules) {
        const difference = rule.value(a) - rule.value(b);
        if (difference !== 0) return difference;
      }
      return 0;
    });
}

function applying(how: How): readonly Criterion[] {
  return criteria.filter((one) => one.applies === "always" || one.applies === how);
}

function lossOf({ judged }: Compared): string {
  return judged.lossBoundMs === "unknown" ? "an unknown amount" : duration(judged.lossBoundMs);
}

function share({ candidate }: Compared): string {
  return `${Math.round((candidate?.capacity ?? 1) * 100)} %`;
}

function round({ candidate }: Compared): string {
  return candidate?.latencyMs === undefined ? "not known" : `${Math.round(candidate.latencyMs)} ms`;
}
