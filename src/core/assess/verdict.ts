// The verdict and the sentence that leads everything. "meets" is said only when every loss is survived within the objectives on the worst
// day too and nothing grave is open; "unknown" when the figures or the places that decide are not known. What somebody has accepted does
// not count, and is said.

import type { AssessReport, Finding, Loss } from "../model/assess-report.ts";
import { short } from "./detection.ts";

type Told = Pick<AssessReport, "system" | "losses" | "findings" | "objectives">;

type Broken = Loss["breaks"][number] & { readonly region: string; readonly accepted: string | undefined };

/** Open findings of these rules leave the question open where nothing else answers it. */
const openRules: ReadonlySet<string> = new Set(["unknown-location", "residency-unknown", "data-without-group"]);
/** Findings that only repeat what the losses say. */
const lossRules: ReadonlySet<string> = new Set(["loss-not-survived", "rto-missed", "rpo-missed"]);

export function verdictOf({ losses, findings }: Pick<Told, "losses" | "findings">): AssessReport["verdict"] {
  const single = losses.filter((loss) => loss.regions.length === 1);
  const open = findings.filter((finding) => finding.accepted === undefined);
  const broken = brokenIn(single, findings).filter((one) => one.accepted === undefined);
  if (deadIn(single, findings).length > 0) return "fails";
  if (broken.some((one) => Number.isFinite(one.seconds))) return "fails";
  if (open.some((finding) => finding.severity === "error" && !lossRules.has(finding.rule))) return "fails";
  // A worst day without a bound is said as "nobody can say", not as a failure.
  if (broken.length > 0 || open.some((finding) => openRules.has(finding.rule))) return "unknown";
  return single.length === 0 ? "unknown" : "meets";
}

export function summaryOf(told: Told, verdict: AssessReport["verdict"]): string {
  const first = leading(told, verdict);
  const agreed = told.losses
    .filter((loss) => loss.regions.length === 1 && !loss.survives)
    .flatMap((loss) => {
      const why = acceptedWhy(told.findings, "loss-not-survived", loss.region);
      return why === undefined ? [] : [`The loss of ${loss.region} is not survived, which was accepted (${why}).`];
    });
  return [first, ...agreed].join(" ");
}

function leading(told: Told, verdict: AssessReport["verdict"]): string {
  const { system, objectives, findings } = told;
  const single = told.losses.filter((loss) => loss.regions.length === 1);
  if (single.length === 0) return `Nobody can say what ${system} survives: no region of it serves anything.`;
  const dead = deadIn(single, findings);
  const [first] = dead;
  if (first !== undefined) {
    const names = listed(dead.map((loss) => loss.region));
    return `${system} does not survive the loss of ${names}: ${first.why.split("; ")[0]?.replace(/\.$/, "")}.`;
  }
  const survived = single.filter((loss) => loss.survives);
  if (survived.length === 0 && verdict === "meets") return `${system} survives the loss of none of its regions.`;
  const survives = `${system} survives the loss of ${survived.length < single.length ? listed(survived.map((loss) => loss.region)) : single.length === 1 ? single[0]?.region : "any one region"}`;
  const broken = brokenIn(single, findings);
  const open = broken.filter((one) => one.accepted === undefined);
  const worst = open.find((one) => Number.isFinite(one.seconds)) ?? open[0];
  if (worst !== undefined) {
    const how = Number.isFinite(worst.seconds) ? "not" : "nobody can say whether";
    return `${survives}, but ${how} within its objectives: when ${worst.region} is lost, ${worst.why}.`;
  }
  const errors = findings.filter(
    (finding) => finding.accepted === undefined && finding.severity === "error" && !lossRules.has(finding.rule),
  );
  if (verdict === "fails") {
    const otherwise = survived.length < single.length ? "fails" : "would keep its times";
    const but = survived.length < single.length ? ":" : ", but";
    return `${system} ${otherwise}${but} ${errors.length === 1 ? "one error has" : `${errors.length} errors have`} to be mended first: ${errors[0]?.message ?? ""}`;
  }
  if (verdict === "unknown") {
    const why = findings.find((finding) => finding.accepted === undefined && openRules.has(finding.rule));
    return `Nobody can say whether ${system} meets its objectives${why === undefined ? "." : `: ${why.message}`}`;
  }
  const [agreed] = broken;
  if (agreed !== undefined) {
    return `${survives}, and meets its objectives but for what was accepted: when ${agreed.region} is lost, ${agreed.why} (${agreed.accepted}).`;
  }
  const rto = Math.max(0, ...survived.map((loss) => loss.rtoSeconds.worst));
  const rpo = Math.max(0, ...survived.map((loss) => loss.rpoSeconds.worst));
  const lost = rpo === 0 ? "nothing" : `${short(rpo)} of work at worst (${short(objectives.rpoSeconds)} allowed)`;
  return `${survives} within its objectives: users write again after ${short(rto)} at worst (${short(objectives.rtoSeconds)} allowed) and lose ${lost}.`;
}

/** Losses that nobody survives, and that nobody has accepted. */
function deadIn(single: readonly Loss[], findings: readonly Finding[]): readonly Loss[] {
  return single.filter(
    (loss) => !loss.survives && acceptedWhy(findings, "loss-not-survived", loss.region) === undefined,
  );
}

function brokenIn(single: readonly Loss[], findings: readonly Finding[]): readonly Broken[] {
  return single
    .filter((loss) => loss.survives)
    .flatMap((loss) =>
      loss.breaks.map((one) => ({
        ...one,
        region: loss.region,
        accepted: acceptedWhy(findings, `${one.objective}-missed`, loss.region),
      })),
    );
}

function acceptedWhy(findings: readonly Finding[], rule: string, about: string): string | undefined {
  return findings.find((one) => one.rule === rule && one.about === about && one.accepted !== undefined)?.accepted;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
