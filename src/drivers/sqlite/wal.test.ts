import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Database, openDatabase } from "./database.ts";

const folder = mkdtempSync(join(tmpdir(), "leeward-wal-"));
const changes = 12;
const crashed = join(folder, "crashed.db");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function open(file: string): Database {
  const opened = openDatabase({ file, openWithinMs: 1_000, pagesMax: undefined });
  if (opened.kind === "failed") throw new Error(opened.why);
  return opened.database;
}

beforeAll(() => {
  // A crash leaves what the disk holds at one moment: the file and its log, copied while they are in use.
  const file = join(folder, "used.db");
  const database = open(file);
  // An earlier log, longer than the present one, so that old frames lie behind its end.
  for (let seq = 1; seq <= 60; seq += 1) {
    database.perform({ op: "append", run: "earlier", seq, text: JSON.stringify("x".repeat(900)) }, 0);
  }
  const other = new DatabaseSync(file);
  other.exec("PRAGMA wal_checkpoint(RESTART)");
  other.close();
  database.perform({ op: "swap", writes: [{ key: "first", expect: 0, text: "1" }], checks: [] }, 0);
  for (let seq = 1; seq <= changes; seq += 1)
    database.perform({ op: "append", run: "r", seq, text: JSON.stringify("x".repeat(seq * 300)) }, 0);
  copyFileSync(file, crashed);
  copyFileSync(`${file}-wal`, `${crashed}-wal`);
  database.close();
});

let images = 0;
function image(change: (log: Buffer) => Buffer): string {
  const file = join(folder, `image-${++images}.db`);
  copyFileSync(crashed, file);
  writeFileSync(`${file}-wal`, change(readFileSync(`${crashed}-wal`)));
  return file;
}

/** How many entries of the journal are there, or the refusal. */
function reopen(file: string): number | string {
  const opened = openDatabase({ file, openWithinMs: 1_000, pagesMax: undefined });
  if (opened.kind === "failed") return opened.why;
  const reply = opened.database.perform({ op: "journal", run: "r" }, 0);
  opened.database.close();
  return reply.kind === "entries" ? reply.entries.length : JSON.stringify(reply);
}

// Each image is synced to a real disk several times over.
describe("the write-ahead log after a crash", { timeout: 60_000 }, () => {
  test("is taken over whole", () => {
    expect(reopen(image((log) => log))).toBe(changes);
  });

  test("cut short anywhere gives the changes before the cut", () => {
    const size = statSync(`${crashed}-wal`).size;
    let last = changes;
    for (let end = size - 1; end > size - 12 * 4_120; end -= 1_373) {
      const found = reopen(image((log) => log.subarray(0, end)));
      expect(found).toBeTypeOf("number");
      expect(found).toBeLessThanOrEqual(last);
      last = Number(found);
    }
  });

  test("damaged at any byte it is refused, unless only the last change is hit: an acknowledged one is never lost in silence", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: statSync(`${crashed}-wal`).size - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, flip) => {
          const file = image((log) => {
            log[at] = (log[at] ?? 0) ^ flip;
            return log;
          });
          const before = [readFileSync(file), readFileSync(`${file}-wal`)];
          const found = reopen(file);
          if (typeof found === "number") {
            expect(found).toBeGreaterThanOrEqual(changes - 1);
            return;
          }
          expect(found).toContain("damaged");
          expect(found).toContain(file);
          expect([readFileSync(file), readFileSync(`${file}-wal`)]).toEqual(before);
        },
      ),
      { numRuns: 80 },
    );
  });

  test("names the frame that is damaged", () => {
    const file = image((log) => {
      log[32 + 5 * (24 + 4096) + 2_000] = 77;
      return log;
    });
    expect(reopen(file)).toContain("frame 6 of its write-ahead log does not match its checksum. Nothing was changed.");
  });
});
