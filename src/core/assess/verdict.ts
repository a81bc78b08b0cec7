// The verdict and the sentence that leads everything. "meets" is said only when every loss is survived within the objectives on the worst
// day too and nothing grave is open; "unknown" when the figures or the places that decide are not known.

import type { AssessReport, Finding, Loss } from "../model/assess-report.ts";
import { short } from "./detection.ts";

/** Open findings of these rules leave the question open where nothing else answers it. */
const openRules: ReadonlySet<string> = new Set(["unknown-location", "residency-unknown"]);

export function verdictOf(losses: readonly Loss[], findings: readonly Finding[]): AssessReport["verdict"] {
  const single = losses.filter((loss) => loss.regions.length === 1);
  const open = findings.filter((finding) => finding.accepted === undefined);
  const unbounded = single.filter((loss) => loss.survives).some((loss) => isUnbounded(loss));
  const isOpen = unbounded || open.some((finding) => openRules.has(finding.rule));
  if (single.some((loss) => !loss.survives || missesFor(loss))) return "fails";
  // A missed worst day without a bound is said as "nobody can say", not as a failure.
  if (open.some((finding) => finding.severity === "error" && !timeRules.has(finding.rule))) return "fails";
  return isOpen || single.length === 0 ? "unknown" : "meets";
}

const timeRules: ReadonlySet<string> = new Set(["rto-missed", "rpo-missed"]);

/** Beyond an objective by a known amount. */
function missesFor(loss: Loss): boolean {
  return loss.breaks.some((broken) => Number.isFinite(broken.seconds));
}

function isUnbounded(loss: Loss): boolean {
  return loss.breaks.some((broken) => !Number.isFinite(broken.seconds));
}

type Told = Pick<AssessReport, "system" | "verdict" | "losses" | "findings" | "objectives">;

export function summaryOf(told: Told): string {
  const { system, verdict, objectives } = told;
  const single = told.losses.filter((loss) => loss.regions.length === 1);
  if (single.length === 0) return `Nobody can say what ${system} survives: no region of it serves anything.`;
  const dead = single.filter((loss) => !loss.survives);
  const [first] = dead;
  if (first !== undefined) {
    return `${system} does not survive the loss of ${listed(dead.map((loss) => loss.region))}: ${first.why.split("; ")[0]?.replace(/\.$/, "")}.`;
  }
  const rto = Math.max(...single.map((loss) => loss.rtoSeconds.worst));
  const rpo = Math.max(...single.map((loss) => loss.rpoSeconds.worst));
  const survives = `${system} survives the loss of ${single.length === 1 ? single[0]?.region : "any one region"}`;
  const broken = single.flatMap((loss) => loss.breaks.map((one) => ({ ...one, region: loss.region })));
  const worst = broken.find((one) => Number.isFinite(one.seconds)) ?? broken[0];
  if (worst !== undefined)
    return `${survives}, but ${Number.isFinite(worst.seconds) ? "not" : "nobody can say whether"} within its objectives: when ${worst.region} is lost, ${worst.why}.`;
  const figures = `users write again after ${short(rto)} at worst (${short(objectives.rtoSeconds)} allowed) and lose ${rpo === 0 ? "nothing" : `${short(rpo)} of work at worst (${short(objectives.rpoSeconds)} allowed)`}`;
  const errors = told.findings.filter((finding) => finding.accepted === undefined && finding.severity === "error");
  if (verdict === "fails") {
    return `${system} would keep its times, but ${errors.length === 1 ? "one error has" : `${errors.length} errors have`} to be mended first: ${errors[0]?.message ?? ""}`;
  }
  if (verdict === "unknown") {
    const why = told.findings.find((finding) => finding.accepted === undefined && openRules.has(finding.rule));
    return `Nobody can say whether ${system} meets its objectives${why === undefined ? "." : `: ${why.message}`}`;
  }
  return `${survives} within its objectives: ${figures}.`;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
