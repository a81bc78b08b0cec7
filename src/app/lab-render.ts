// Hands the lab its pages: the lab itself knows nothing of rendering.

import type { LabRender } from "../lab/command.ts";

export const labRender: LabRender = async () => {
  const [{ labReportText }, { labReportHtml }] = await Promise.all([
    import("../render/text/lab-report.ts"),
    import("../render/html/lab-report.ts"),
  ]);
  return {
    terminal: (report, options) => labReportText(report, options),
    html: (report) => labReportHtml(report),
  };
};
