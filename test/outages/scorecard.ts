// docs/outages.md, from the table of incidents and from what the assessment said.

import type { Incident } from "./incidents.ts";

/** `ways`: by incident, the path that was told. */
export function scorecard(incidents: readonly Incident[], ways: ReadonlyMap<string, readonly string[]>): string {
  const byCut = incidents.filter(({ fate }) => fate !== undefined).length;
  const byRule = incidents.length - byCut;
  const rows = incidents.map(({ name, day, source, fate, rules }) => {
    const cut = fate === undefined ? "-" : `\`${fate.cut.join("`, `")}\``;
    return `| [${name}](${source}) | ${day} | ${cut} | ${rules.map((rule) => `\`${rule}\``).join(", ") || "-"} |`;
  });
  const each = incidents.map(({ id, name, what, fate, rules, foreseen, unforeseen }) => {
    const way = fate === undefined ? undefined : ways.get(id);
    const path = way === undefined ? "" : `\n- the way: ${way.map((step) => `\`${step}\``).join(" → ")}`;
    const found = rules.length === 0 ? "" : `\n- findings: ${rules.map((rule) => `\`${rule}\``).join(", ")}`;
    return `### ${name}\n\n${what}\n${path}${found}
- foreseen: ${foreseen}
- not foreseen: ${unforeseen}
- manifests: [before](../test/outages/${id}.yaml), [mended](../test/outages/${id}.clean.yaml)
`;
  });
  return `# Published outages, and what an assessment would have said before

Each of these outages is written down as a manifest of the system as it was before it, with the published fact that each edge comes
from; where a report names no customer, one is made up, and the manifest says so. \`test/outages\` holds the assessment against this
page: that it tells the cut or makes the finding, and that it tells nothing of the kind about the same system mended.

${byCut} of ${incidents.length} are told as shared fate, with the way from what users call down to what fails; ${byRule} need a rule, because
nothing that is lost explains them. None of this is a prophecy: the graph says what falls together, never what will fall.

| outage | day | shared fate | findings |
|---|---|---|---|
${rows.join("\n")}

## One by one

${each.join("\n")}
## What none of this sees

- **Hindsight is in it.** The manifests were written after the reports. They show that what brought the system down can be said in a
  manifest and is then told; not that somebody would have said it.
- **Gray failure.** A region that is slow, or loses a part of its packets, is not lost, and no cut contains it. That is the watch's work.
- **What is not in the manifest.** A third party's own third party, a shared building, a limit on what a tool may delete: the
  assessment judges what it is told.
- **Why something fails.** A race, a null pointer, a mistyped command: it tells what falls with it, so that it need not matter.
- **How long it takes to come back** after everything was down at once: the backlog and the cold start are longer than any step that was
  ever measured alone.
`;
}
