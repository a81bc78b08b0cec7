// Broken manifests, each with everything that `leeward check` has to say about it: line, column, rule, part of the sentence, part of the
// advice. One fault gives one row; what a person would have to mend, no more and no less.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { check } from "../../src/cli/check.ts";
import { readManifest } from "../../src/manifest/read.ts";
import { renderProblems } from "../../src/manifest/render-problems.ts";

type Expected = readonly [line: number, column: number, rule: string, message: string, fix: string];

const expected: Readonly<Record<string, readonly Expected[]>> = {
  "address-taken": [
    [
      7,
      45,
      "address-taken",
      "127.0.0.1:8411 is taken already, by the router of north",
      "Give one of the two another port",
    ],
    [
      10,
      12,
      "address-taken",
      "127.0.0.1:7411 is taken already, by the agent of north; the",
      "Give one of the two another port",
    ],
    [
      18,
      21,
      "address-taken",
      "127.0.0.1:9112 is taken already, by web in north; web in",
      "Give one of the two another port",
    ],
  ],
  "alias-bomb": [
    [8, 10, "too-many-aliases", "The aliases in this file repeat too much: together they", "Write repeated parts out"],
  ],
  "classic-only": [
    [5, 19, "classic-only", "belong to the classic mode, and this one is cusum", "Write `mode: classic`"],
  ],
  aliases: [[8, 41, "bad-path", 'A path that begins with / was expected here, and this is "healthz".', "`/healthz`"]],
  "assessed-names": [
    [7, 30, "unknown-name", "Nothing in this manifest is named `wep`.", "`web`"],
    [
      12,
      3,
      "reserved-name",
      "In every report `agent` is a region's own agent, so no service can have this name.",
      "Call it something else.",
    ],
    [16, 18, "unknown-service", "There is no service named `agnet` in this manifest.", "`agent`"],
    [16, 32, "duplicated-name", "`agent` stands in this list twice.", "Keep it once."],
    [17, 24, "unknown-region", "There is no region named `nort` in this manifest.", "`north`"],
    [18, 17, "unknown-setting", "The catalog asks for no settings of http.", "Remove it."],
    [20, 30, "unknown-region", "There is no region named `sout` in this manifest.", "`south`"],
    [21, 17, "duplicated-name", "A copy of web is named `nightly` already.", "Give one of the two another name."],
    [
      21,
      30,
      "bad-location",
      "A location is provider/region, with azure, aws, gcp or site as the provider, and this is",
      "`azure/westeurope`",
    ],
    [23, 32, "unknown-setting", "The catalog asks for no settings of http.", "Remove it."],
    [25, 41, "unknown-service", "There is no service named `front` in this manifest.", "`services`"],
  ],
  "assessed-values": [
    [4, 40, "wrong-type", "Text was expected here, and this is 1.", '`"1"`'],
    [4, 52, "bad-name", 'A word for what is shared was expected here, and this is "power grid".', "`power/grid-2`"],
    [6, 32, "out-of-range", "A number from 0 to a million was expected here, and this is -1.", "`1`"],
    [6, 44, "wrong-unit", "A duration was expected here, a number with its unit, and this is 4.", "`4s`"],
    [6, 60, "out-of-range", 'A share from 0 to 1 was expected here, and this is "5%".', "`0.05`"],
    [6, 74, "out-of-range", "A share from 0 to 1 was expected here, and this is 90.", "`0.9`"],
    [6, 78, "unknown-key", "`aproval` is not a key that is known here.", "`approval`"],
    [7, 1, "missing-key", "`currency` is missing here.", "`currency: EUR`"],
    [
      7,
      25,
      "wrong-type",
      'An amount of money was expected here, a number from 0 up, and this is "50.000 EUR".',
      "`1200`",
    ],
    [7, 44, "wrong-type", "An amount of money was expected here, a number from 0 up, and this is -1.", "`1200`"],
    [9, 13, "bad-name", 'The id of a finding was expected here, and this is "one way".', "`leeward assess`"],
    [9, 40, "bad-date", 'A day was expected here, as YYYY-MM-DD, and this is "2027-1-5".', "`2027-01-05`"],
    [11, 59, "wrong-type", "A whole number of drills was expected here, and this is 1.5.", "`3`"],
    [11, 70, "bad-date", 'A day was expected here, as YYYY-MM-DD, and this is "2026-02-30".', "`2027-01-31`"],
    [11, 89, "wrong-unit", "A duration was expected here, a number with its unit, and this is 90.", "`90s`"],
    [16, 21, "wrong-unit", "A size was expected here, a number with its unit, and this is 40.", "`40GB`"],
    [16, 39, "wrong-unit", 'A size was expected here, a number with its unit, and this is "2 gib".', "`2GiB`"],
    [
      17,
      11,
      "wrong-type",
      'An amount of money was expected here, a number from 0 up, and this is "1,200 EUR".',
      "`1200`",
    ],
    [18, 13, "unknown-word", 'One of routed, direct was expected here, and this is "directly".', "`direct`"],
    [
      19,
      23,
      "wrong-type",
      "A word, a number, true or false was expected here, and this is a list.",
      "Write one value.",
    ],
    [20, 70, "wrong-unit", 'A rate was expected here, a size for each second, and this is "1Gbit/s".', "`125MB/s`"],
    [
      21,
      24,
      "unknown-word",
      'One of synchronous, asynchronous was expected here, and this is "async".',
      "`asynchronous`",
    ],
    [21, 37, "wrong-type", 'Either true or false was expected here, and this is "yes".', "`true`"],
    [23, 41, "unknown-key", "`inn` is not a key that is known here.", "`in`"],
    [24, 3, "missing-key", "`in` is missing here.", "`in: { north: {}, south: {} }`"],
    [
      24,
      11,
      "nothing-to-run",
      "`mailer` is a process without `run`, so Leeward starts and stops nothing for it.",
      "`run: { command: [...] }`",
    ],
    [24, 56, "unknown-word", 'One of staged, everywhere was expected here, and this is "everywere".', "`everywhere`"],
    [26, 42, "out-of-range", "A share from 0 to 1 was expected here, and this is 5.", "`0.05`"],
    [28, 41, "one-trigger", "Where the state is kept means something only beside polling.", "`state`"],
    [
      28,
      82,
      "unknown-word",
      'One of active-active, active-passive was expected here, and this is "both".',
      "Write one of active-active,",
    ],
    [28, 95, "wrong-type", "Either true or false was expected here, and this is 1.", "`true`"],
  ],
  "bad-address": [
    [6, 12, "bad-address", "An address was expected here, http://host:port and nothing", "`http://127.0.0.1:7411`"],
    [7, 17, "bad-address", "Ports go from 1 to 65535.", "Write a port in that range"],
    [8, 21, "bad-address", "An address was expected here, host:port without a scheme,", '`"127.0.0.1:8411"`'],
    [8, 52, "bad-address", "An address was expected here, host:port without a scheme,", '`"127.0.0.1:8421"`'],
    [10, 42, "bad-url", "This is not a URL that can be read.", "`postgres://user@host:5432/database`"],
    [11, 51, "wrong-scheme", "A postgresql service answers at postgres://, and this URL", "`postgres://`"],
  ],
  "bad-indent": [
    [
      6,
      5,
      "indentation",
      "This is not indented like what it belongs to.",
      "Give all keys of one block the same number of spaces",
    ],
  ],
  "bad-location": [
    [4, 16, "bad-location", "A location is provider/region, with azure, aws, gcp or site", "`azure/norwayeast`"],
    [5, 16, "bad-location", "A location is provider/region, with azure, aws, gcp or site", "`unknown`"],
    [6, 15, "bad-location", "A location is provider/region, with azure, aws, gcp or site", "`azure/norwayeast`"],
    [7, 27, "bad-country", 'A country code of capital letters was expected here, and this is "no".', "`NO`"],
    [7, 31, "bad-country", "A country code of capital letters was expected here, and", "`NO`"],
  ],
  "bad-name": [
    [2, 9, "bad-name", "Names are lower-case letters, digits and hyphens, beginning", "`my-shop`"],
    [4, 3, "bad-name", "Names are lower-case letters, digits and hyphens, beginning", "`north`"],
    [6, 3, "bad-name", "Names are lower-case letters, digits and hyphens, beginning", "`web-1`"],
    [8, 3, "bad-name", "A route is named by a host name in small letters, without", "`shop.example.com`"],
  ],
  "dangling-names": [
    [8, 27, "unknown-region", "There is no region named `noth` in this manifest.", "`north`"],
    [12, 12, "unknown-group", "There is no group named `storfront` in this manifest.", "`storefront`"],
    [13, 13, "unknown-service", "There is no service named `orderz` in this manifest.", "`orders`"],
    [14, 22, "unknown-region", "There is no region named `sout` in this manifest.", "`south`"],
    [17, 27, "unknown-service", "There is no service named `wep` in this manifest.", "`web`"],
    [20, 23, "unknown-service", "There is no service named `mesages` in this manifest.", "`services`"],
    [21, 11, "unknown-service", "There is no service named `wbe` in this manifest.", "`web`"],
  ],
  "duplicated-names": [
    [8, 41, "duplicated-name", "`north` stands in this list twice.", "Keep it once"],
    [11, 35, "duplicated-name", "`web` stands in this list twice.", "Keep it once"],
    [12, 3, "duplicate-key", "`web` stands here a second time; which of the two is meant", "Keep one of the two"],
  ],
  "empty-sections": [
    [7, 1, "wrong-type", "Nothing stands here, where keys and values were expected.", "`{}`"],
    [9, 3, "wrong-type", "Nothing stands here, where keys and values were expected.", "`{}`"],
  ],
  empty: [[1, 1, "empty", "There is nothing in this file.", "`version: 1`"]],
  jobs: [
    [11, 25, "one-trigger", "A trigger has exactly one kind.", "Keep one of recurrence"],
    [12, 23, "one-trigger", "A trigger has exactly one kind.", "Keep one of recurrence"],
    [13, 38, "bad-recurrence", "A recurrence was expected here, five fields of cron, and", '`"0 2 * * *"`'],
    [13, 58, "bad-zone", 'A time zone was expected here, and this is "Europe/Olso".', "`Europe/Oslo`"],
    [14, 47, "one-trigger", "A time zone means something only beside a recurrence.", "`zone`"],
    [15, 49, "bad-call", "A call is METHOD http://service/path; its host is a service", "`POST http://web/a`"],
    [
      16,
      49,
      "wrong-kind",
      "`orders` is of type postgresql, which answers no HTTP requests.",
      "Call a service that does",
    ],
  ],
  "lease-too-short": [
    [10, 17, "lease-too-short", "A lease of 600ms ends before one renewal (400ms) and its", "`2.5s`"],
    [10, 30, "hold-too-short", "A hold of 500ms ends before one renewal (400ms) and its", "Write more than 613ms"],
    [10, 44, "out-of-range", "The drift of clocks is a share from 0 to 0.1, and this is 0.5.", "`0.01`"],
  ],
  "loss-bound": [[8, 76, "loss-bound-too-small", "No automatic failover could keep within maxDataLoss 1s:", "`2.6s`"]],
  "missing-keys": [
    [1, 1, "missing-key", "`system` is missing here.", "`system: `"],
    [3, 3, "missing-key", "`at` is missing here.", "`at: azure/norwayeast`"],
    [5, 3, "missing-key", "`type` is missing here.", "`type: postgresql`"],
  ],
  "misspelt-required-key": [[9, 5, "unknown-key", "`primry` is not a key that is known here.", "`primary`"]],
  "needs-cycle": [
    [10, 33, "needs-cycle", "These need each other in a circle, so none could start", "Remove one of these needs"],
    [11, 36, "needs-cycle", "`narcissus` needs itself.", "Remove one of these needs"],
  ],
  "not-a-map": [[1, 1, "wrong-type", "A manifest is keys and values, and this is a list.", "`version: 1`"]],
  "not-deployed": [[10, 45, "not-deployed", "`web` moves with storefront, and south may be primary of", "`south: {}`"]],
  "not-utf8": [[2, 11, "not-utf8", "This file is not UTF-8 text from here on.", "Save it as UTF-8"]],
  "open-bracket": [[4, 10, "open-bracket", "This bracket is never closed.", "Close it with } or ]"]],
  "open-quote": [[4, 16, "open-quote", "This quote is never closed.", "Close it at the end of the value"]],
  "secret-alone": [
    [
      11,
      11,
      "secret-in-manifest",
      "A secret itself must not stand in a manifest, only a reference to it.",
      "`env:NAME`",
    ],
    [12, 9, "unknown-key", "`ulr` is not a key that is known here.", "`url`"],
    [12, 14, "password-in-url", "There is a password inside this URL.", "`password: env:NAME`"],
  ],
  secrets: [
    [11, 21, "password-in-url", "There is a password inside this URL.", "`password: env:NAME`"],
    [
      12,
      69,
      "secret-in-manifest",
      "A secret itself must not stand in a manifest, only a reference to it.",
      "`env:NAME`",
    ],
    [14, 23, "password-in-url", "There is a password inside this URL.", "`password: env:NAME`"],
    [
      14,
      75,
      "secret-in-manifest",
      "A secret itself must not stand in a manifest, only a reference to it.",
      "`env:NAME`",
    ],
  ],
  "several-documents": [
    [
      9,
      1,
      "several-documents",
      "A second document begins here; a manifest is one document.",
      "Put it into a file of its own",
    ],
  ],
  tab: [[4, 1, "tab", "This line is indented with a tab; YAML allows only spaces.", "Replace the tab by spaces"]],
  tags: [[2, 9, "tag", "Tags, words that begin with `!`, have no meaning in a manifest.", "Remove the tag"]],
  "too-deep": [[2, 41, "too-deep", "This is nested deeper than 32 levels.", "Look for brackets that are never closed"]],
  "unknown-alias": [
    [
      8,
      30,
      "unknown-alias",
      "*health repeats something that is not marked with &health above.",
      "Mark what it should repeat with &health",
    ],
  ],
  "unknown-key": [
    [10, 5, "unknown-key", "`replcias` is not a key that is known here.", "`replicas`"],
    [12, 1, "unknown-key", "`colour` is not a key that is known here.", "Known here: version"],
  ],
  "unknown-method": [
    [10, 28, "unknown-method", "`steaming` is no method that postgresql has.", "`streaming`"],
    [10, 44, "unknown-word", 'One of async, sync was expected here, and this is "asynch".', "`async`"],
    [14, 44, "unknown-mode", "The method replicas of http has no mode `sync`.", "`async`"],
  ],
  "unknown-type": [
    [8, 19, "unknown-type", "`postgres` is no service type that is known.", "`postgresql`"],
    [9, 18, "unknown-type", "`cosmosdb` is no service type that is known.", "`azure/cosmos-db`"],
    [10, 19, "unknown-type", "`mainframe` is no service type that is known.", "`postgresql`"],
  ],
  "unknown-word": [
    [8, 51, "unknown-word", "One of backup-restore, pilot-light, warm-standby,", "`warm-standby`"],
    [8, 76, "unknown-word", "One of automatic, approve, manual was expected here, and", "`automatic`"],
    [12, 40, "unknown-word", "One of priority, weighted, performance, geographic was", "`weighted`"],
    [
      12,
      62,
      "unknown-word",
      'One of keep-last, open, closed was expected here, and this is "panic".',
      "Write one of keep-last",
    ],
  ],
  "witness-as-primary": [
    [8, 34, "witness-as-primary", "`watch` is a witness: it votes and serves nothing, so it", "`witness: true`"],
    [10, 58, "witness-serves", "`watch` is a witness: it votes and serves nothing.", "`witness: true`"],
  ],
  "wrong-kind": [
    [6, 70, "wrong-kind", "`web` is of type http, which does not serve TCP clients.", "`http`"],
    [9, 70, "given-variable", "The agent sets PORT itself.", "Remove it"],
    [9, 82, "given-variable", "The agent sets LEEWARD_REGION itself.", "Remove it"],
    [10, 41, "no-replicas", "A postgresql service is one server per region, so replicas", "`replicas`"],
    [
      12,
      27,
      "wrong-kind",
      "`mailer` is of type process, which takes no requests.",
      "Lead the route to a service that does",
    ],
  ],
  "wrong-type": [
    [4, 43, "wrong-type", 'Either true or false was expected here, and this is "yes".', "`true`"],
    [5, 10, "wrong-type", 'Keys and values were expected here, and this is "azure/swedencentral".', "`key: value`"],
    [9, 12, "wrong-type", 'A list was expected here, and this is "orders".', "`[orders]`"],
    [10, 21, "wrong-type", "A command is a list of words, because no shell takes it apart.", "`[node, server.js]`"],
    [10, 49, "wrong-type", "Text was expected here, and this is 1.", '`"1"`'],
    [11, 9, "wrong-type", "Keys and values were expected here, and this is a list.", "`key: value`"],
  ],
  "wrong-unit": [
    [7, 20, "wrong-unit", "A duration was expected here, a number with its unit, and this is 30.", "`30s`"],
    [7, 29, "wrong-unit", "A duration was expected here, a number with its unit, and", "`5m`"],
    [7, 51, "out-of-range", "This must be at least 1d, and it is 10m.", "`10y`"],
    [9, 55, "out-of-range", '"0.5ms" is finer than a millisecond or longer than a thousand years.', "`1ms`"],
    [9, 72, "wrong-unit", "A duration was expected here, a number with its unit, and", "`500ms`"],
  ],
  "wrong-version": [[1, 10, "version", "This Leeward reads version 1 of the format, and this is 2.", "`version: 1`"]],
  "yaml-1.1": [
    [1, 1, "yaml-version", "This file asks for YAML 1.1, in which words like NO mean false.", "Remove the %YAML line"],
  ],
};

const folder = fileURLToPath(new URL("./broken/", import.meta.url));
const names = readdirSync(folder)
  .map((file) => file.replace(/\.yaml$/, ""))
  .sort();

test("every broken manifest is in the table, and there are enough of them", () => {
  expect(names).toEqual(Object.keys(expected).sort());
  expect(names.length).toBeGreaterThanOrEqual(24);
});

describe("every fault is named once, at its place", () => {
  for (const [name, rows] of Object.entries(expected)) {
    test(name, () => {
      const read = readManifest(`${folder}${name}.yaml`);
      expect(read.kind).toBe("bad");
      const problems = read.kind === "bad" ? read.problems : [];
      expect(problems.map(({ line, column, rule }) => [line, column, rule])).toEqual(
        rows.map((row) => row.slice(0, 3)),
      );
      for (const [index, [, , , message, fix]] of rows.entries()) {
        expect(problems[index]?.message).toContain(message);
        expect(problems[index]?.fix).toContain(fix);
        expect(problems[index]?.file).toBe(`${folder}${name}.yaml`);
      }
    });
  }
});

test("what is shown of a manifest fits into 100 columns and repeats no secret", () => {
  for (const name of names) {
    const read = readManifest(`${folder}${name}.yaml`);
    const shown = renderProblems(
      (read.kind === "bad" ? read.problems : read.warnings).map((problem) => ({ ...problem, file: name })),
      read.text,
    );
    expect(shown).not.toContain("hunter2");
    expect(JSON.stringify(read.kind === "bad" ? read.problems : [])).not.toContain("hunter2");
    for (const line of shown.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  }
  // The word is there to be found: it stands in these files.
  expect(readFileSync(`${folder}secrets.yaml`, "utf8")).toContain("hunter2");
});

test("a mark stands under the first character of what is wrong", () => {
  const read = readManifest(`${folder}unknown-key.yaml`);
  expect(
    renderProblems(
      (read.kind === "bad" ? read.problems : []).slice(0, 1).map((problem) => ({ ...problem, file: "shop.yaml" })),
      read.text,
    ),
  ).toBe(
    [
      "shop.yaml:10:5  error unknown-key",
      "    `replcias` is not a key that is known here.",
      "    |     replcias: { primary: 2, standby: 1 }",
      "    |     ^",
      "    Did you mean `replicas`?",
    ].join("\n"),
  );
});

const run = async (files: readonly string[], json = false) => {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await check(files, { json }, { out: (text) => out.push(text), err: (text) => err.push(text) });
  return { exit, out: out.join(""), err: err.join("") };
};

test("check says in one sentence that nothing is wrong", async () => {
  const shop = fileURLToPath(new URL("../../examples/shop/leeward.yaml", import.meta.url));
  expect(await run([shop])).toEqual({ exit: 0, out: "shop: 3 regions, 3 services, 1 group; nothing wrong\n", err: "" });
});

test("check counts what is wrong, first, and its exit code says bad input", async () => {
  const file = `${folder}unknown-key.yaml`;
  const { exit, out, err } = await run([file]);
  expect({ exit, out, first: err.split("\n")[0] }).toEqual({ exit: 2, out: "", first: `2 problems in ${file}` });
  expect((await run([])).exit).toBe(2);
  expect((await run([`${folder}nowhere.yaml`])).err).toContain("There is no such file.");
  expect((await run([folder])).err).toContain("This is a folder, not a file.");
});

test("check --json gives the same for programs", async () => {
  const file = `${folder}loss-bound.yaml`;
  const { exit, out, err } = await run([file], true);
  expect({ exit, err }).toEqual({ exit: 2, err: "" });
  const report = JSON.parse(out);
  expect(report).toMatchObject({
    version: 1,
    ok: false,
    files: [{ file, ok: false, summary: `1 problem in ${file}` }],
  });
  expect(report.files[0].problems[0]).toMatchObject({
    line: 8,
    column: 76,
    rule: "loss-bound-too-small",
    severity: "error",
  });
});
