import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redact } from "../../core/model/redact.ts";
import { makeLog } from "./log.ts";

const noonMs = Date.UTC(2025, 2, 1, 12);

function makePaper() {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { lines, stream };
}

function textLog() {
  const { lines, stream } = makePaper();
  return { lines, log: makeLog({ to: { kind: "stream", stream }, format: "text", wallMs: () => noonMs }) };
}

describe("the log", () => {
  test("has the same columns in each line", () => {
    const { lines, log } = textLog();
    log.write("info", "lease", "north renews shop", { group: "shop", epoch: 3, writable: true });
    log.write("error", "watch", "north is silent", { why: "no answer", empty: "" });
    expect(lines).toEqual([
      "2025-03-01T12:00:00.000Z info  lease      north renews shop group=shop epoch=3 writable=true\n",
      '2025-03-01T12:00:00.000Z error watch      north is silent why="no answer" empty=""\n',
    ]);
  });

  test("in JSON has one object in each line", () => {
    const { lines, stream } = makePaper();
    makeLog({ to: { kind: "stream", stream }, format: "json", wallMs: () => noonMs }).write("warn", "agent", "a\nb", {
      password: "hunter2",
      n: 1,
    });
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      time: "2025-03-01T12:00:00.000Z",
      level: "warn",
      part: "agent",
      sentence: "a\nb",
      fields: { password: "***", n: 1 },
    });
  });

  test("whatever it is given is one line, and never throws", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.dictionary(
          fc.string({ unit: "binary" }),
          fc.oneof(fc.string({ unit: "binary" }), fc.double(), fc.boolean()),
        ),
        fc.double(),
        (sentence, fields, wallMs) => {
          const { lines, stream } = makePaper();
          makeLog({ to: { kind: "stream", stream }, format: "text", wallMs: () => wallMs }).write(
            "info",
            "part",
            sentence,
            fields,
          );
          expect(lines).toHaveLength(1);
          expect(lines[0]).toMatch(/^[^\p{Cc}]*\n$/u);
        },
      ),
    );
  });

  test.each([
    [
      "cannot reach postgres://admin:hunter2@10.0.0.1:5432/shop",
      "cannot reach postgres://admin:***@10.0.0.1:5432/shop",
    ],
    ["postgres://admin:hunter2/@x@10.0.0.1/shop", "postgres://admin:***@10.0.0.1/shop"],
    ["http://:hunter2@h and http://plain:80/x", "http://:***@h and http://plain:80/x"],
    ["sent Authorization: Bearer hunter2.a-b", "sent Authorization: Bearer ***"],
    ['{"password": "hunter2 x"}', '{"password": ***}'],
    ["password=hunter2 user=a", "password=*** user=a"],
    [
      "started with LEEWARD_PASSWORD_ORDERS=hunter2 PGPASSWORD=hunter2",
      "started with LEEWARD_PASSWORD_ORDERS=*** PGPASSWORD=***",
    ],
    ["the token is missing", "the token is missing"],
    ["http://north:7001/healthz answers", "http://north:7001/healthz answers"],
  ])("writes %j without the secret", (text, clean) => {
    expect(redact(text)).toBe(clean);
  });

  test("hides fields by their name", () => {
    const { lines, log } = textLog();
    log.write("info", "agent", "started", {
      adminPassword: "hunter2",
      tokenFile: "hunter2",
      url: "postgres://a:hunter2@h",
      tokens: 3,
    });
    expect(lines[0]).not.toContain("hunter2");
    expect(lines[0]).toContain("tokens=3");
  });

  test("drops lines when nobody takes them, keeps its own size, and says how many", () => {
    const pending: (() => void)[] = [];
    const taken: string[] = [];
    const stream = new Writable({
      write(chunk, _, done) {
        taken.push(String(chunk));
        pending.push(done);
      },
    });
    const log = makeLog({ to: { kind: "stream", stream }, format: "text", wallMs: () => noonMs });
    for (let n = 0; n < 1_000; n += 1) log.write("info", "part", "x".repeat(5_000));
    expect(stream.writableLength).toBeLessThan(1024 * 1024 + 10_000);
    while (pending.length > 0) pending.shift()?.();
    log.write("info", "part", "again");
    while (pending.length > 0) pending.shift()?.();
    expect(taken.at(-2)).toMatch(/ \d+ lines were dropped/);
    expect(taken.at(-1)).toContain("again");
  });

  test("goes to a file, after what is there, and a file that cannot be written stops nobody", async () => {
    const folder = mkdtempSync(join(tmpdir(), "leeward-log-"));
    const file = join(folder, "agent.log");
    for (const sentence of ["first", "second"]) {
      const log = makeLog({ to: { kind: "file", file }, format: "text", wallMs: () => noonMs });
      log.write("info", "part", sentence);
      await log.close();
    }
    expect(
      readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.split(" ").at(-1)),
    ).toEqual(["first", "second", ""]);
    const nowhere = makeLog({
      to: { kind: "file", file: join(folder, "no", "such", "folder", "log") },
      format: "text",
    });
    nowhere.write("info", "part", "lost");
    await nowhere.close();
    nowhere.write("info", "part", "lost too");
    await nowhere.close();
    rmSync(folder, { recursive: true });
  });
});
