import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  crashes,
  faultAt,
  linkCut,
  lostInSync,
  regionLoss,
  regionLossSync,
  regionLossWithOrphans,
  splitBrain,
  switchover,
  tenRounds,
  tooSlow,
} from "../../../test/support/lab-report-samples.ts";
import type { LabReport } from "../../core/model/lab-report.ts";
import { chronicleOf } from "../lab/chronicle.ts";
import { labReportHtml } from "./lab-report.ts";

const samples: Readonly<Record<string, LabReport>> = {
  crashes,
  linkCut,
  lostInSync,
  regionLoss,
  regionLossSync,
  regionLossWithOrphans,
  splitBrain,
  switchover,
  tenRounds,
  tooSlow,
};

/** The page as a reader has it: no tags, no entities, blanks as blanks. */
function read(page: string): string {
  return page
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&gt;", ">")
    .replaceAll("&lt;", "<")
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ");
}

/** Names of tags and attributes in order, without any value: what a hostile word would change. */
function skeleton(page: string): readonly string[] {
  return [...page.matchAll(/<(?<close>\/?)(?<tag>[a-z!][a-z0-9]*)(?<rest>(?:[^"<>]|"[^"]*")*)>/gi)].map(
    ({ groups }) => {
      const names = [...(groups?.rest ?? "").matchAll(/([a-z:-]+)="[^"]*"/gi)].map(([, name]) => name);
      return `${groups?.close}${groups?.tag} ${names.join(" ")}`.trim();
    },
  );
}

describe("the page of a story", () => {
  test.each(Object.entries(samples))(
    "%s closes every tag it opens, and holds no number that is none",
    (_name, report) => {
      const page = labReportHtml(report);
      const open: string[] = [];
      for (const [whole, close, tag = ""] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:[^"<>]|"[^"]*")*>/gi)) {
        if (["meta", "link", "br", "hr"].includes(tag) || whole.endsWith("/>")) continue;
        if (close === "") open.push(tag);
        else expect(open.pop()).toBe(tag);
      }
      expect(open).toEqual([]);
      expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
    },
  );

  test("stands alone: no script, no handler, nothing fetched, and a policy that says so", () => {
    for (const report of Object.values(samples)) {
      const page = labReportHtml(report);
      expect(page).toContain(
        `content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"`,
      );
      expect(page).not.toMatch(
        /<script|<img|<iframe|<link|<object|\son[a-z]+=|javascript:|https?:|@import|\ssrc=|\shref=/i,
      );
      expect(page.replaceAll(/url\(#[a-z]+-hatch\)/g, "")).not.toContain("url(");
    }
  });

  test("begins with the verdict, and shows how bad bad news is", () => {
    const heading = (report: LabReport): string =>
      read(/<header class="[a-z]+">[\s\S]*?<h1>([\s\S]*?)<\/h1>/.exec(labReportHtml(report))?.[1] ?? "");
    expect(heading(regionLoss)).toBe(
      "North died; users could write again after 2.41 s, nothing acknowledged was lost, home again with a 0.21 s gap.",
    );
    expect(heading(splitBrain)).toMatch(
      /^Two regions acknowledged writes at the same time: the data has split in two\./,
    );
    expect(labReportHtml(splitBrain)).toContain('<header class="broken">');
    expect(labReportHtml(tooSlow)).toContain('<header class="missed">');
    expect(labReportHtml(regionLoss)).toContain('<header class="kept">');
  });

  test("says in the list what stands in the picture, under the same numbers", () => {
    const page = labReportHtml(regionLoss);
    const [picture = ""] = /<svg class="timeline"[\s\S]*?<\/svg>/.exec(page) ?? [];
    const inPicture = [...picture.matchAll(/<tspan class="number">(\d+)<\/tspan>/g)].map(([, number]) =>
      Number(number),
    );
    const inList = [...page.matchAll(/<span class="n">(\d+)<\/span>/g)].map(([, number]) => Number(number));
    expect(inPicture.length).toBeGreaterThan(12);
    expect(new Set(inPicture).size).toBe(inPicture.length);
    expect(inList).toEqual(inList.map((_number, index) => index + 1));
    for (const number of inPicture) expect(inList).toContain(number);
    for (const words of ["everything in north is killed", "epoch 3 names south", "a write to orders went through"]) {
      expect(read(page).toLowerCase()).toContain(words);
    }
  });

  test("labels in the picture never lie on one another", () => {
    for (const report of Object.values(samples)) {
      for (const [picture] of labReportHtml(report).matchAll(/<svg class="timeline"[\s\S]*?<\/svg>/g)) {
        const labels = [
          ...picture.matchAll(
            /<text class="(?:label|flag)[^"]*" x="([\d.-]+)" y="([\d.-]+)" text-anchor="(start|end)">([\s\S]*?)<\/text>/g,
          ),
        ].map(([, x, y, anchor, text = ""]) => {
          // A little narrower than the picture reckons, which is generous.
          const width = read(text).length * 6;
          const left = Number(x) - (anchor === "end" ? width : 0);
          return { left, right: left + width, y: Number(y), text };
        });
        for (const [index, label] of labels.entries()) {
          for (const other of labels.slice(index + 1)) {
            const apart = Math.abs(label.y - other.y) > 11 || label.right <= other.left || other.right <= label.left;
            expect(apart, `${label.text} and ${other.text}`).toBe(true);
          }
        }
      }
    }
  });

  test("shades the gap exactly from the last write to the first one after it", () => {
    const page = labReportHtml(regionLoss);
    const { first } = chronicleOf(regionLoss);
    const [, x, width] = /<rect class="gap" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/.exec(page) ?? [];
    const pxPerMs = (1104 - 128) / (first.to - first.from);
    expect(Number(x)).toBeCloseTo(128 + (-11 - first.from) * pxPerMs, 0);
    expect(Number(width)).toBeCloseTo(2_412.6 * pxPerMs, 0);
  });

  test("a story without a switch says that none was right, and has neither steps nor a way home", () => {
    const text = read(labReportHtml(linkCut));
    expect(text).toContain("no switch, as it should be");
    expect(text).not.toContain("Steps of the switch");
    expect(text).not.toContain("The way home");
  });

  test("the way home has a picture of its own, on its own clock", () => {
    const page = labReportHtml(regionLoss);
    expect([...page.matchAll(/<svg class="timeline"/g)]).toHaveLength(2);
    expect(read(page)).toContain("0.64 s users write again");
  });

  test("rounds are listed, each with its own verdict", () => {
    const page = labReportHtml(tenRounds);
    expect(read(page)).toContain("least 2.20 s");
    expect([...page.matchAll(/<circle class="(?:each|worse)"/g)]).toHaveLength(10);
  });

  test("each place where the controller was killed is listed with how it ended", () => {
    expect(read(labReportHtml(crashes))).toContain("failover/data.promote.orders@south/outcome the intended state 0");
  });
});

/** Every string that comes from outside replaced; equal ones stay equal. */
function poisoned(report: LabReport, word: (original: string) => string): LabReport {
  const kept = new Set(["kind", "mode", "story", "outcome", "phase", "ended", "id", "decision"]);
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return kept.has(key) ? value : word(value);
    if (Array.isArray(value)) return value.map((one) => walk(one, key));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, walk(one, name)]));
  };
  return walk(report, "") as LabReport;
}

const hostile = fc.oneof(
  fc.constantFrom(
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>",
    "</title><img src=x onerror=alert(1)>",
    "<!--",
    "]]>",
    "&lt;b&gt;",
    "`+alert(1)+`",
    "javascript:alert(1)",
  ),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom("<", ">", '"', "'", "&", "`", "/", "=", "a", " ", "\u0000", "\ud800", "\u202e"),
    maxLength: 40,
  }),
);

describe("hostile words", () => {
  test("never become structure: the page has only tags and attributes that pages with harmless words have", () => {
    const known = new Set(Object.values(samples).flatMap((sample) => skeleton(labReportHtml(sample))));
    expect([...known].filter((tag) => /\s(?:on[a-z]+|src|href|style)\b/.test(tag))).toEqual([]);
    fc.assert(
      fc.property(hostile, fc.constantFrom(regionLossWithOrphans, linkCut, switchover, crashes), (evil, report) => {
        // Letters around it keep every name and sentence present, different, and of a kind that is not shortened away.
        const names = new Map<string, number>();
        const numbered = (original: string): number => {
          const number = names.get(original) ?? names.size;
          names.set(original, number);
          return number;
        };
        const bad = labReportHtml(poisoned(report, (original) => `x${numbered(original)}${evil}y`));
        expect(bad).not.toMatch(/<(?:script|img|iframe|b)\b|<!--/i);
        expect(skeleton(bad).filter((tag) => !known.has(tag))).toEqual([]);
        // Whatever is left of the page once its well-formed tags are gone has no bracket in it.
        const rest = bad
          .replace(/<style>[\s\S]*?<\/style>/, "")
          .replace(/<(?:!|\/)?[a-z][a-z0-9]*(?:[^"<>]|"[^"]*")*>/gi, "");
        expect(rest).not.toMatch(/[<>]/);
      }),
      { numRuns: 60 },
    );
  });

  test("in fields that are numbers or known words by contract do no harm either", () => {
    const evil = '"><script>alert(1)</script>';
    const page = labReportHtml({
      ...regionLoss,
      story: evil,
      mode: evil as "sync",
      decision: evil,
      diagnosis: evil,
      acknowledged: Number.NaN,
      steps: [
        {
          id: evil,
          phase: evil,
          region: evil,
          service: evil,
          startedAt: faultAt,
          endedAt: Number.POSITIVE_INFINITY,
          outcome: evil,
          reason: evil,
        },
      ],
    });
    expect(page).not.toContain("<script");
    expect(page).not.toContain("NaN");
  });
});

test("a credential that got into a sentence does not get onto the page", () => {
  const page = labReportHtml({
    ...regionLoss,
    reason:
      "no answer from postgres://leeward:hunter2@127.0.0.1:5511/shop refused; password=hunter3 Authorization: Bearer hunter4",
    notes: ['{"token":"hunter5"}'],
  });
  expect(page).not.toMatch(/hunter\d/);
  expect(page).toContain("postgres://***@127.0.0.1:5511/shop");
});
