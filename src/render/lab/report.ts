// Small questions that the pages ask of a report.

import { endedWrong, type LabReport } from "../../core/model/lab-report.ts";

export function wrongEnd(report: LabReport): string | undefined {
  return report.notes.find((note) => note.startsWith(endedWrong));
}

/** Somebody else was primary for a while; otherwise everything stayed where it was. */
export function moved(report: LabReport): boolean {
  return report.steps.some((step) => step.phase === "traffic" && step.outcome === "done");
}

/** Where the fault was, and where the group went, as far as the report says. */
export function placesOf(report: LabReport): { readonly from: string; readonly to: string } {
  const from = report.timeline.events.find((event) => event.kind === "fault")?.region ?? "";
  const to = report.steps.find((step) => step.phase === "traffic" || step.phase === "data")?.region ?? "";
  return { from: from === "" ? "the primary region" : from, to: to === "" ? "the standby" : to };
}
