// Findings as SARIF 2.1.0, for code review: each at its place in the manifest, each rule with its reason.
// Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, sections 3.14 (run), 3.27 (result), 3.49 (rule).

import type { AssessReport, Severity } from "../core/model/assess-report.ts";

export type SarifRule = {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly mend: string;
  readonly source: { readonly url?: string };
};

const levels: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  error: "error",
  warning: "warning",
  info: "note",
};

/** One run for all manifests. An accepted finding is a suppressed result, as SARIF has it, so that it is not lost. */
export function sarifOf(reports: readonly AssessReport[], rules: readonly SarifRule[], version: string): unknown {
  const used = new Set(reports.flatMap((report) => report.findings.map((finding) => finding.rule)));
  const listed = rules.filter((rule) => used.has(rule.id));
  const indexOf = new Map(listed.map((rule, index) => [rule.id, index]));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "leeward",
            semanticVersion: version,
            rules: listed.map((rule) => ({
              id: rule.id,
              shortDescription: { text: rule.title },
              fullDescription: { text: rule.why },
              help: { text: rule.mend },
              ...(rule.source.url === undefined ? {} : { helpUri: rule.source.url }),
            })),
          },
        },
        columnKind: "utf16CodeUnits",
        results: reports.flatMap((report) =>
          report.findings.map((finding) => ({
            ruleId: finding.rule,
            ruleIndex: indexOf.get(finding.rule) ?? -1,
            level: levels[finding.severity],
            message: { text: `${finding.message} ${finding.fix}` },
            locations:
              finding.at === undefined
                ? []
                : [
                    {
                      physicalLocation: {
                        artifactLocation: { uri: addressOf(finding.at.file) },
                        region: { startLine: finding.at.line, startColumn: finding.at.column },
                      },
                    },
                  ],
            ...(finding.accepted === undefined
              ? {}
              : { suppressions: [{ kind: "inSource", justification: finding.accepted }] }),
          })),
        ),
      },
    ],
  };
}

/** A relative path as an address: forward slashes, everything else escaped. */
function addressOf(file: string): string {
  const parts = file.replaceAll("\\", "/").split("/").map(encodeURIComponent);
  return file.startsWith("/") ? `file://${parts.join("/")}` : parts.join("/");
}
