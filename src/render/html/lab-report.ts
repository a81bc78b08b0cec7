// A story of the lab as one page that stands alone. Read from the top it answers: what happened, was that good, when did what happen and
// why, what was lost, and how do we know. Every word from outside passes `clean`, and the templates escape it.

import type { LabReport, ReportStep } from "../../core/model/lab-report.ts";
import { decisionWords, expectationWords, figuresOf, lossWords, notesOf, phaseShares } from "../lab/account.ts";
import { type Act, type Chronicle, chronicleOf, type Entry, type EntryKind, usersLane } from "../lab/chronicle.ts";
import { moved, placesOf } from "../lab/report.ts";
import { type Verdict, verdictOf } from "../lab/verdict.ts";
import { capital, clean, count, counted, instant, limit, millis, seconds } from "../words.ts";
import { dot } from "./canvas.ts";
import { phaseKey, phasesBar, roundsPicture } from "./figures.ts";
import { html, type Markup } from "./markup.ts";
import { page } from "./page.ts";
import { timelineSvg } from "./timeline.ts";

export type LabPageOptions = {
  /** Of the browser's tab; left out, system and story. */
  readonly title?: string;
};

const roundsShownMax = 200;
/** Of the figures these stand on top, large. */
const lostName = "of these lost";
const tileNames = ["longest write gap", lostName, "data lost, in time", "two writers", "gap of the way home"];

/** The whole page. Needs nothing from anywhere, runs no script, and shows only what is in the report. */
export function labReportHtml(report: LabReport, options: LabPageOptions = {}): string {
  const verdict = verdictOf(report);
  const chronicle = chronicleOf(report);
  const body = html`${top(report, verdict)}
${tiles(report)}
${picture(report, chronicle)}
${whereTheTimeWent(report)}
<div class="two">${lossAccount(report)}${figures(report)}</div>
${rounds(report)}
${story(report, chronicle)}
${homeAct(report, chronicle)}
${crashes(report)}
${steps(report.steps, report, "Steps of the switch", report.timeline.faultAt)}
${bottom(report)}`;
  return page(clean(options.title ?? `${report.system}: ${report.story}, ${verdict.word}`), body);
}

function top(report: LabReport, verdict: Verdict): Markup {
  const decided = decisionWords(report);
  return html`<header class="${verdict.tone}">
<p class="kicker"><span class="badge">${verdict.word}</span><span>${clean(report.system)}</span><span>story ${clean(report.story)}</span><span>${report.mode} replication</span><span>${instant(report.timeline.faultAt)}</span></p>
<h1>${verdict.sentence}</h1>
${decided === "" ? undefined : html`<p class="reason">${decided}</p>`}
${expectationWords(report).map((sentence) => html`<p class="reason">${sentence}</p>`)}
</header>`;
}

function tiles(report: LabReport): Markup {
  const shown = figuresOf(report).filter((figure) => tileNames.includes(figure.name));
  const ordered = tileNames.flatMap((name) => shown.filter((figure) => figure.name === name));
  return html`<div class="tiles">${ordered.map(
    (figure) =>
      html`<div class="tile ${figure.tone}"><div class="name">${figure.name === lostName ? "orders lost" : figure.name}</div><div class="value">${figure.value}</div><div class="note">${figure.name === lostName ? `of ${count(report.acknowledged)} acknowledged; ` : ""}${figure.note}</div></div>`,
  )}</div>`;
}

function picture(report: LabReport, chronicle: Chronicle): Markup {
  const { from, to } = placesOf(report);
  const { timeline } = report;
  const svg = timelineSvg(report, chronicle, {
    id: "out",
    window: chronicle.first,
    gap: { from: timeline.gap.from - timeline.faultAt, to: timeline.gap.to - timeline.faultAt },
    steps: report.steps,
    from: clean(from),
    to: clean(to),
    moved: moved(report),
    graceful: report.story === "switchover",
    zero: { at: 0, name: zeroOf(report) },
  });
  const many = report.rounds === undefined || report.rounds.count < 2 ? "" : " It is one round, the one in the middle.";
  return html`<section><h2>What happened, when and where</h2>
<p class="lead">Time runs from left to right. The shaded band is the time without a single acknowledged write.${many} The numbers are those of the list below.</p>
<div class="scroll">${svg}</div>
<ul class="legend">${legend.map(([kind, what]) => html`<li><svg viewBox="0 0 16 16" aria-hidden="true">${dot(kind, 8, 8)}</svg>${what}</li>`)}
<li><svg viewBox="0 0 16 16" aria-hidden="true"><rect class="bar" x="1" y="3" width="14" height="10" rx="2"/></svg>a step, as long as it took</li>
<li><svg viewBox="0 0 16 16" aria-hidden="true"><rect class="bar astray" x="1" y="3" width="14" height="10" rx="2"/></svg>a step that did not end well</li></ul></section>`;
}

const legend: readonly (readonly [EntryKind, string])[] = [
  ["fault", "a fault, or its end"],
  ["seen", "seen"],
  ["decided", "decided"],
  ["done", "done"],
  ["users", "noticed by users"],
];

function whereTheTimeWent(report: LabReport): Markup {
  if (!moved(report) || report.rtoMs <= 0) return html``;
  return html`<section><h2>Where the ${seconds(report.rtoMs)} went</h2>
<p class="lead">From the last acknowledged write to the first one after it.</p>
${phasesBar(report)}
<table><tbody>${phaseShares(report).map(
    (share, index) =>
      html`<tr><td>${phaseKey(index)} ${share.name}</td><td class="num">${seconds(share.ms)}</td><td class="num">${percent(share.ms, report.rtoMs)}</td><td class="quiet">${share.what}</td></tr>`,
  )}</tbody></table></section>`;
}

function percent(part: number, whole: number): string {
  return whole > 0 ? `${((part / whole) * 100).toFixed(0)} %` : "";
}

function story(report: LabReport, chronicle: Chronicle): Markup {
  const acts = chronicle.acts.filter((act) => act.title !== homeTitle);
  if (acts.length === 0) return html``;
  return html`<section class="long"><h2>The same in words</h2>
<p class="lead">Counted from the moment ${report.story === "switchover" ? "it was asked for" : "of the fault"}. Each entry has its reason.</p>
${acts.map((act) => list(act, 0))}${chronicle.leftOut > 0 ? html`<p class="lead">${count(chronicle.leftOut)} later entries are not shown.</p>` : undefined}</section>`;
}

const homeTitle = "The way home";

function zeroOf(report: LabReport): "it was asked for" | "the fault" {
  return report.story === "switchover" ? "it was asked for" : "the fault";
}

function list(act: Act, zero: number): Markup {
  return html`${act.title === homeTitle ? undefined : html`<h3>${act.title}</h3>`}<ol class="story">${act.entries.map((entry) => item(entry, zero))}</ol>`;
}

function item(entry: Entry, zero: number): Markup {
  const took =
    entry.until === undefined
      ? ""
      : Number.isFinite(entry.until)
        ? `took ${millis(entry.until - entry.at)}`
        : "still runs";
  const ended = entry.outcome === undefined || entry.outcome === "done" ? "" : `ended ${entry.outcome}`;
  const aside = [took, ended].filter((one) => one !== "").join(", ");
  return html`<li><span class="n">${entry.number}</span><span class="at">${seconds(entry.at - zero)}</span><svg viewBox="0 0 14 14" aria-hidden="true">${dot(entry.kind, 7, 7, entry.outcome !== undefined && entry.outcome !== "done")}</svg><span class="who">${entry.lane === usersLane ? "users" : entry.lane}</span><span class="said">${capital(entry.sentence)}${aside === "" ? undefined : html` <span class="aside">(${aside})</span>`}</span></li>`;
}

function homeAct(report: LabReport, chronicle: Chronicle): Markup {
  if (report.home === undefined) return html``;
  const { home, timeline } = report;
  const { from, to } = placesOf(report);
  const act = chronicle.acts.find((one) => one.title === homeTitle);
  const gap = timeline.home?.gap;
  const zero = (timeline.home?.askedAt ?? timeline.faultAt) - timeline.faultAt;
  const svg =
    chronicle.second === undefined || gap === undefined
      ? undefined
      : html`<div class="scroll">${timelineSvg(report, chronicle, {
          id: "home",
          window: chronicle.second,
          gap: { from: gap.from - timeline.faultAt, to: gap.to - timeline.faultAt },
          steps: timeline.home?.steps ?? [],
          from: clean(to),
          to: clean(from),
          moved: true,
          graceful: true,
          zero: { at: zero, name: "it was asked for" },
        })}</div>`;
  const lost =
    home.lost === 0
      ? "nothing acknowledged was lost"
      : `${counted(home.lost, "acknowledged order")} lost, though not one may be`;
  return html`<section class="long"><h2>The way home</h2>
<p class="lead">Once ${clean(from)} was a standby again, the group was switched back to it: writes waited ${seconds(home.writeGapMs)}, and ${lost}.</p>
${svg}${act === undefined ? undefined : html`<h3>In words, counted from the moment it was asked for</h3>${list(act, zero)}`}</section>`;
}

function rounds(report: LabReport): Markup {
  if (report.rounds === undefined) return html``;
  const { rounds: all } = report;
  return html`<section class="long"><h2>${capital(counted(all.count, "round"))}</h2>
<p class="lead">The longest write gap of each. Counts on this page are sums of all rounds, the picture and the steps are those of one.</p>
${roundsPicture(report)}
<table><thead><tr><th class="num">round</th><th class="num">gap</th><th class="num">acknowledged</th><th class="num">lost</th><th class="num">refused</th><th class="num">unknown</th><th class="num">orphans</th><th class="num">gap of the way home</th><th>verdict</th></tr></thead>
<tbody>${all.each.slice(0, roundsShownMax).map((round, index) => {
    const verdict = verdictOf(round);
    return html`<tr><td class="num">${index + 1}</td><td class="num">${seconds(round.rtoMs)}</td><td class="num">${count(round.acknowledged)}</td><td class="num">${count(round.lost)}</td><td class="num">${count(round.refused)}</td><td class="num">${count(round.unknown)}</td><td class="num">${count(round.orphans)}</td><td class="num">${round.home === undefined ? "" : seconds(round.home.writeGapMs)}</td><td class="${verdict.tone === "kept" ? "quiet" : "bad"}">${verdict.word}</td></tr>`;
  })}</tbody></table></section>`;
}

function crashes(report: LabReport): Markup {
  if (report.crashes === undefined) return html``;
  return html`<section class="long"><h2>Where the controller was killed</h2>
<p class="lead">Before, in and after each step. It must end in the intended or the prior state, and no effect may happen twice.</p>
<table><thead><tr><th>plan, step and moment</th><th>ended in</th><th class="num">effects twice</th></tr></thead>
<tbody>${report.crashes.map(
    (crash) =>
      html`<tr><td><code>${clean(crash.at)}</code>${crash.died ? undefined : " (was never reached)"}</td><td class="${crash.ended === "neither" ? "bad" : "quiet"}">${crash.ended === "neither" ? "neither state" : `the ${crash.ended} state`}</td><td class="num${crash.effectsTwice > 0 ? " bad" : ""}">${count(crash.effectsTwice)}</td></tr>`,
  )}</tbody></table></section>`;
}

function steps(list: readonly ReportStep[], report: LabReport, title: string, zero: number): Markup {
  if (list.length === 0) return html``;
  const ordered = [...list].sort((a, b) => a.startedAt - b.startedAt);
  return html`<section class="long"><h2>${title}</h2>
<p class="lead">As the controller wrote them down, before and after each effect${report.predicted.rtoMs > 0 ? `; predicted beforehand: ${seconds(report.predicted.rtoMs)}` : ""}.</p>
<table><thead><tr><th class="num">at</th><th class="num">took</th><th>phase</th><th>region</th><th>step</th><th>ended</th></tr></thead>
<tbody>${ordered.map(
    (step) =>
      html`<tr><td class="num">${seconds(step.startedAt - zero)}</td><td class="num">${step.endedAt === 0 ? "" : millis(step.endedAt - step.startedAt)}</td><td>${clean(step.phase)}</td><td>${clean(step.region)}</td><td><code>${clean(step.id)}</code></td><td class="${step.outcome === "done" ? "quiet" : "bad"}">${clean(step.outcome)}</td></tr>`,
  )}</tbody></table></section>`;
}

function lossAccount(report: LabReport): Markup {
  return html`<section><h2>What was lost</h2>${lossWords(report).map((sentence) => html`<p>${sentence}</p>`)}</section>`;
}

function figures(report: LabReport): Markup {
  return html`<section><h2>Figures</h2>
<table class="figures"><tbody>${figuresOf(report).map(
    (figure) =>
      html`<tr><td>${figure.name}</td><td class="num ${figure.tone}">${figure.value}</td><td class="quiet">${figure.note}</td></tr>`,
  )}</tbody></table></section>`;
}

function bottom(report: LabReport): Markup {
  const notes = notesOf(report);
  const { objectives } = report;
  return html`${notes.length === 0 ? undefined : html`<section><h2>Notes</h2>${notes.map((note) => html`<p>${capital(note)}.</p>`)}</section>`}
<footer><p>Measured by clients outside the regions that write an order every 10 ms and a marker every 100 ms and keep a ledger of every answer; afterwards each acknowledged order is looked for in the serving database. Objectives: RTO ${limit(objectives.rtoMs)}, RPO ${limit(objectives.rpoMs)}, ${objectives.met ? "both kept" : "not both kept"}. Times of day are UTC.</p></footer>`;
}
