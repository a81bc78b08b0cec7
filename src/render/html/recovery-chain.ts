// How long it takes until users write again when a region is lost: one bar per loss, its parts in the order in which they follow one
// another, against the objective. Above: what is expected; below: the worst.

import type { Loss, Term } from "../../core/model/assess-report.ts";
import { clean, span } from "../words.ts";
import { html, type Markup } from "./markup.ts";

const widthPx = 1070;
const barPx = 24;
const letterPx = 6.8;
/** Colours of parts repeat after so many. */
const colours = 6;
/** The whole bar against its bounded parts, where one has no bound. */
const openRoom = 1.5;

export function recoveryChain(loss: Loss, rtoSeconds: number): Markup {
  const finite = [loss.rtoSeconds.expected, loss.rtoSeconds.worst, rtoSeconds].filter(Number.isFinite);
  // A part that nobody bounds takes what is left of the width, and there has to be some.
  const bounded = loss.rtoTerms.reduce(
    (sum, { seconds }) => sum + (Number.isFinite(seconds.worst) ? seconds.worst : 0),
    0,
  );
  const most = Math.max(...finite, Number.isFinite(loss.rtoSeconds.worst) ? 0 : bounded * openRoom, 1);
  const x = (seconds: number): number => (Math.min(seconds, most) / most) * (widthPx - 150);
  const limit = x(rtoSeconds);
  const row = (title: string, y: number, pick: (term: Term) => number, whole: number): Markup => {
    let from = 0;
    const parts = loss.rtoTerms.map((term, index) => {
      const left = x(from);
      from += Number.isFinite(pick(term)) ? pick(term) : most;
      const width = x(from) - left;
      const text = `${clean(term.what)} ${span(pick(term))}`;
      return width < 0.5
        ? undefined
        : html`<rect class="p${index % colours}" x="${left}" y="${y}" width="${Math.max(1.5, width - 1)}" height="${barPx}" rx="3"><title>${text}</title></rect>${
            width > text.length * letterPx + 12
              ? html`<text class="share" x="${left + 7}" y="${y + 16}">${text}</text>`
              : undefined
          }`;
    });
    const sum = `${title} ${span(whole)}`;
    const after = Math.min(x(whole), widthPx - 150) + 8;
    // The line of the objective must not run through it.
    const crossed = limit > after - 4 && limit < after + sum.length * letterPx + 4;
    return html`${parts}<text class="sum" x="${crossed ? limit + 8 : after}" y="${y + 16}">${sum}</text>`;
  };
  return html`<svg class="chain" viewBox="0 0 ${widthPx} ${barPx * 2 + 38}" role="img" aria-label="parts of the recovery time; the table has the numbers">
${row("expected", 18, (term) => term.seconds.expected, loss.rtoSeconds.expected)}
${row("worst", 18 + barPx + 6, (term) => term.seconds.worst, loss.rtoSeconds.worst)}
<line class="objective" x1="${limit}" x2="${limit}" y1="6" y2="${barPx * 2 + 30}"/>
<text class="objective-text" x="${limit > widthPx - 330 ? limit - 6 : limit + 6}" y="12" text-anchor="${limit > widthPx - 330 ? "end" : "start"}">RTO ${span(rtoSeconds)}</text>
</svg>`;
}

export function termTable(terms: readonly Term[], broken: ReadonlySet<string>): Markup {
  return html`<table><tr><th></th><th>part</th><th class="num">expected</th><th class="num">worst</th><th>how it is known</th></tr>${terms.map(
    (term, index) =>
      html`<tr><td><svg class="key" viewBox="0 0 12 12" aria-hidden="true"><rect class="p${index % colours}" width="12" height="12" rx="2"/></svg></td><td class="${broken.has(term.what) ? "bad" : ""}">${clean(term.what)}</td><td class="num">${span(term.seconds.expected)}</td><td class="num">${span(term.seconds.worst)}</td><td class="quiet">${clean(term.basis)}${term.source === undefined ? "" : `: ${clean(term.source.title)} (${term.source.asOf})`}</td></tr>`,
  )}</table>`;
}
