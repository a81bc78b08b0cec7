// Who needs whom: users on the left, what everything rests on at the right. A service is a box with a mark for each region it is in;
// what is in one region only, or has an error, stands out.

import type { Finding } from "../../core/model/assess-report.ts";
import type { Service, System } from "../../core/model/system.ts";
import { clean, count, cut } from "../words.ts";
import { html, type Markup } from "./markup.ts";

/** A small graph is not blown up: the picture is at least as wide as the page. */
const pagePx = 1070;
const boxWidthPx = 168;
const boxHeightPx = 50;
const gapXPx = 62;
const gapYPx = 16;
/** More boxes than these are no picture any more; those with errors and those users call come first. */
const boxesMax = 48;

type Box = { readonly service: Service; readonly column: number; readonly row: number };

export function serviceGraph(system: System, findings: readonly Finding[]): Markup {
  const wrong = new Map<string, Finding["severity"]>();
  for (const { service, severity, accepted } of findings) {
    if (service !== undefined && accepted === undefined && wrong.get(service) !== "error") wrong.set(service, severity);
  }
  const routed = new Set(
    system.routes.flatMap((route) => [route.to, ...(route.through === undefined ? [] : [route.through])]),
  );
  const ranked = [...system.services].sort((a, b) => rank(b.name, wrong, routed) - rank(a.name, wrong, routed));
  const chosen = new Set(ranked.slice(0, boxesMax).map((service) => service.name));
  const shown = system.services.filter((service) => chosen.has(service.name));
  const boxes = layout(shown, system);
  const columns = Math.max(0, ...boxes.map((box) => box.column)) + 1;
  const rows = Math.max(0, ...boxes.map((box) => box.row)) + 1;
  const [widthPx, heightPx] = [
    columns * (boxWidthPx + gapXPx) - gapXPx + 8,
    rows * (boxHeightPx + gapYPx) - gapYPx + 8,
  ];
  const at = new Map(boxes.map((box) => [box.service.name, box]));
  const edges = boxes.flatMap(({ service }) => [
    ...service.needs.map((need) => edge(at.get(service.name), at.get(need), "needs")),
    ...(service.startNeeds ?? []).map((need) => edge(at.get(service.name), at.get(need), "starts")),
  ]);
  const fronts = system.routes.flatMap((route) =>
    route.through === undefined ? [] : [edge(at.get(route.through), at.get(route.to), "leads")],
  );
  const serving = system.regions.filter((region) => !region.witness).map((region) => region.name);
  const left = system.services.length - shown.length;
  return html`<div class="scroll"><svg class="graph" viewBox="0 0 ${Math.max(widthPx, pagePx)} ${heightPx}" role="img" aria-label="services and what they need">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0L8 4L0 8Z"/></marker></defs>
${fronts}${edges}
${boxes.map((box) => drawn(box, serving, wrong.get(box.service.name), routed.has(box.service.name)))}</svg></div>
<ul class="legend"><li><svg viewBox="0 0 16 16" aria-hidden="true"><circle class="in" cx="8" cy="8" r="4"/></svg>in this region</li><li><svg viewBox="0 0 16 16" aria-hidden="true"><circle class="out" cx="8" cy="8" r="4"/></svg>not in it</li><li>marks in the order ${serving.map(clean).join(", ")}; without marks: its provider runs it everywhere</li><li>dashed: needed only to start or to switch</li>${left > 0 ? html`<li>${count(left)} more services without errors are not drawn</li>` : undefined}</ul>`;
}

function rank(name: string, wrong: ReadonlyMap<string, string>, routed: ReadonlySet<string>): number {
  return (wrong.get(name) === "error" ? 4 : wrong.has(name) ? 2 : 0) + (routed.has(name) ? 3 : 0);
}

/** Column: the longest way from what users call. Rows in the manifest's order. */
function layout(services: readonly Service[], system: System): readonly Box[] {
  const names = new Set(services.map((service) => service.name));
  const depth = new Map(services.map((service) => [service.name, 0]));
  const frontOf = new Map(
    system.routes.flatMap((route) => (route.through === undefined ? [] : [[route.to, route.through] as const])),
  );
  // Relaxed as often as there are boxes at most: the graph has no cycle, and if it had, this still ends.
  for (let round = 0; round < services.length; round += 1) {
    let changed = false;
    for (const service of services) {
      const front = frontOf.get(service.name);
      const own = Math.max(
        depth.get(service.name) ?? 0,
        front !== undefined && names.has(front) ? (depth.get(front) ?? 0) + 1 : 0,
      );
      if (own !== depth.get(service.name)) {
        depth.set(service.name, own);
        changed = true;
      }
      for (const need of [...service.needs, ...(service.startNeeds ?? [])]) {
        if (!names.has(need) || (depth.get(need) ?? 0) > own) continue;
        depth.set(need, own + 1);
        changed = true;
      }
    }
    if (!changed) break;
  }
  const rows = new Map<number, number>();
  return services.map((service) => {
    const column = Math.min(depth.get(service.name) ?? 0, services.length);
    const row = rows.get(column) ?? 0;
    rows.set(column, row + 1);
    return { service, column, row };
  });
}

const leftOf = (box: Box): number => 4 + box.column * (boxWidthPx + gapXPx);
const topOf = (box: Box): number => 4 + box.row * (boxHeightPx + gapYPx);

function edge(from: Box | undefined, to: Box | undefined, kind: "needs" | "starts" | "leads"): Markup {
  if (from === undefined || to === undefined || from === to) return html``;
  const forward = to.column > from.column;
  const [x1, y1] = [
    leftOf(from) + (forward ? boxWidthPx : boxWidthPx / 2),
    topOf(from) + (forward ? boxHeightPx / 2 : boxHeightPx),
  ];
  const [x2, y2] = [leftOf(to) + (forward ? 0 : boxWidthPx / 2), topOf(to) + (forward ? boxHeightPx / 2 : 0)];
  const bend = Math.max(24, Math.abs(x2 - x1) / 2);
  return html`<path class="edge ${kind}" d="M${x1} ${y1}C${x1 + (forward ? bend : 0)} ${y1},${x2 - (forward ? bend : 0)} ${y2},${x2} ${y2}" marker-end="url(#tip)"/>`;
}

function drawn(box: Box, serving: readonly string[], wrong: Finding["severity"] | undefined, called: boolean): Markup {
  const { service } = box;
  const [x, y] = [leftOf(box), topOf(box)];
  // What its provider runs everywhere is in no region, and not missing from any.
  const marks = (Object.keys(service.in).length === 0 ? [] : serving)
    .slice(0, 8)
    .map(
      (region, index) =>
        html`<circle class="${service.in[region] === undefined ? "out" : "in"}" cx="${x + boxWidthPx - 12 - (Math.min(serving.length, 8) - 1 - index) * 13}" cy="${y + 14}" r="4"><title>${clean(region)}</title></circle>`,
    );
  return html`<g><rect class="box ${wrong ?? "fine"}" x="${x}" y="${y}" width="${boxWidthPx}" height="${boxHeightPx}" rx="7"/><text class="name${called ? " called" : ""}" x="${x + 10}" y="${y + 19}">${cut(clean(service.name), 15)}</text><text class="type" x="${x + 10}" y="${y + 37}">${cut(clean(service.type), 25)}</text>${marks}</g>`;
}
