import { execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { storeContract } from "../../../test/contract/store.contract.ts";
import type { Store } from "../../ports/store.ts";
import { openSqliteStore, type SqliteStoreOptions } from "./store.ts";

const folder = mkdtempSync(join(tmpdir(), "leeward-store-"));
let files = 0;
const newFile = (): string => join(folder, `${++files}`, "store.db");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function open(options: SqliteStoreOptions): Promise<Store> {
  const opened = await openSqliteStore({ deadlineMs: 5_000, ...options });
  if (opened.kind === "failed") throw new Error(opened.why);
  return opened.store;
}

async function refusal(options: SqliteStoreOptions): Promise<string> {
  const opened = await openSqliteStore(options);
  if (opened.kind === "failed") return opened.why;
  await opened.store.close();
  throw new Error("it was opened");
}

/** A closed store with a page or two of journal. */
async function filled(rows = 60): Promise<string> {
  const file = newFile();
  const store = await open({ file });
  await store.swap([{ key: "record/shop", expect: 0, value: { epoch: 7 } }]);
  for (let seq = 1; seq <= rows; seq += 1)
    await store.append({ run: "run-1", seq, entry: { step: `step-${seq}`, padding: "p".repeat(300) } });
  await store.close();
  return file;
}

storeContract("SQLite", () => open({ file: newFile() }));

describe("a store on SQLite", () => {
  test("keeps everything over a close, in a file only its owner may read", async () => {
    const file = await filled(3);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const store = await open({ file });
    expect(await store.get("record/shop")).toEqual({ kind: "value", at: { value: { epoch: 7 }, version: 1 } });
    const journal = await store.journal("run-1");
    expect(journal.kind === "rows" && journal.rows.length).toBe(3);
    await store.close();
  });

  test("writes ahead", async () => {
    const file = newFile();
    const store = await open({ file });
    await store.swap([{ key: "a", expect: 0, value: 1 }]);
    expect(existsSync(`${file}-wal`)).toBe(true);
    await store.close();
  });

  test("while another process holds the write lock a change fails as not done, readings go on, and later it works", async () => {
    const file = newFile();
    const store = await open({ file, deadlineMs: 300 });
    await store.swap([{ key: "a", expect: 0, value: 1 }]);
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    const [change, reading] = [store.swap([{ key: "a", expect: 1, value: 2 }]), store.get("a")];
    expect(await change).toMatchObject({
      kind: "failed",
      retry: "later",
      why: expect.stringContaining("another process holds its write lock"),
    });
    expect((await reading).kind).toBeDefined();
    expect(await store.get("a")).toEqual({ kind: "value", at: { value: 1, version: 1 } });
    other.exec("ROLLBACK");
    other.close();
    expect(await store.swap([{ key: "a", expect: 1, value: 2 }])).toEqual({ kind: "done" });
    await store.close();
  });

  test("a change waits for a lock that is given up before its deadline", async () => {
    const file = newFile();
    const store = await open({ file });
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    const change = store.swap([{ key: "a", expect: 0, value: 1 }]);
    setTimeout(() => other.exec("COMMIT"), 100);
    expect(await change).toEqual({ kind: "done" });
    other.close();
    await store.close();
  });

  test("on a full disk a change fails as not done, with a sentence, and nothing that was there is lost", async () => {
    const file = newFile();
    const store = await open({ file, pagesMax: 40 });
    let seq = 1;
    let answer: Awaited<ReturnType<Store["append"]>>;
    do answer = await store.append({ run: "r", seq: seq++, entry: "x".repeat(5_000) });
    while (answer.kind === "done" && seq < 200);
    expect(answer).toMatchObject({
      kind: "failed",
      retry: "later",
      why: expect.stringContaining("the disk is full; nothing was written"),
    });
    const journal = await store.journal("r");
    expect(journal.kind === "rows" && journal.rows.length).toBe(seq - 2);
    expect(await store.swap([{ key: "big", expect: 0, value: "x".repeat(50_000) }])).toMatchObject({
      kind: "failed",
      retry: "later",
    });
    expect(await store.get("big")).toEqual({ kind: "value", at: undefined });
    await store.close();
    // With room again, it goes on where it was.
    const again = await open({ file });
    expect(await again.append({ run: "r", seq: seq - 1, entry: "fits now" })).toEqual({ kind: "done" });
    await again.close();
  });

  test("the journal cannot be changed or shortened by SQL", async () => {
    const file = await filled(2);
    const db = new DatabaseSync(file);
    expect(() => db.exec("UPDATE journal SET entry = '1'")).toThrow("append-only");
    expect(() => db.exec("DELETE FROM journal")).toThrow("append-only");
    db.close();
  });
});

describe("a store is refused, and its file stays as it was", () => {
  const unchanged = async (file: string): Promise<string> => {
    const before = readFileSync(file);
    const why = await refusal({ file });
    expect(readFileSync(file).equals(before)).toBe(true);
    return why;
  };

  test("when another version of Leeward wrote it", async () => {
    const file = await filled(1);
    const db = new DatabaseSync(file);
    db.exec("PRAGMA user_version = 99");
    db.close();
    expect(await unchanged(file)).toContain(
      "was written by another version of Leeward: it has format 99, this version reads format 1",
    );
  });

  test("when it is a database of something else", async () => {
    const file = newFile();
    rmSync(file, { force: true });
    await (await open({ file: join(file, "..", "neighbour.db") })).close();
    const db = new DatabaseSync(file);
    db.exec("CREATE TABLE customers (id INTEGER)");
    db.close();
    expect(await unchanged(file)).toContain("not a Leeward store");
  });

  test("when it is no database at all", async () => {
    const file = await filled(1);
    writeFileSync(file, "the shopping list of last week\n".repeat(50));
    expect(await unchanged(file)).toContain("is damaged, or is not a Leeward store");
  });

  test("when a page of its journal is destroyed", async () => {
    const file = await filled();
    const bytes = readFileSync(file);
    const page = Math.trunc(bytes.indexOf("step-30") / 4096) * 4096;
    bytes.fill(0xff, page, page + 100);
    writeFileSync(file, bytes);
    const why = await unchanged(file);
    expect(why).toContain(`The store ${file} `);
    expect(why).toContain("damaged");
    expect(why).toContain("move");
  });

  test("when a single bit of a journal entry is flipped, which SQLite itself does not see", async () => {
    const file = await filled();
    const bytes = readFileSync(file);
    const at = bytes.indexOf("step-30") + 6;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect(await unchanged(file)).toContain("the journal of run run-1 does not match its checksum");
  });

  test("when an entry in the middle of the journal was taken out by hand", async () => {
    const file = await filled(5);
    const db = new DatabaseSync(file);
    db.exec("DROP TRIGGER journal_is_never_deleted; DELETE FROM journal WHERE seq = 3");
    db.close();
    expect(await unchanged(file)).toContain("entry 3 of the journal of run run-1 is missing");
  });

  test("when its folder cannot be made", async () => {
    const file = join(await filled(1), "state", "store.db");
    expect(await refusal({ file })).toContain(`${file} cannot be opened: a part of its path is a file`);
  });

  test("when its disk does not answer at all", async () => {
    // Opening a pipe without a writer blocks, as a hanging disk does.
    const file = newFile();
    const bystander = await open({ file: join(file, "..", "bystander.db") });
    execFileSync("mkfifo", [file]);
    expect(await refusal({ file, openWithinMs: 200 })).toContain("its disk does not answer");
    closeSync(openSync(file, "r+"));
    await bystander.close();
  });
});

test("after kill -9 in the middle of writing, every acknowledged write is there and no change is half done", async () => {
  const file = newFile();
  const writer = fileURLToPath(new URL("../../../test/contract/store-writer.ts", import.meta.url));
  let swaps = 0;
  let appends = 0;
  for (let round = 0; round < 4; round += 1) {
    const child = spawn(process.execPath, [writer, file], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    let lines = 0;
    const killAfter = 20 + round * 37;
    child.stdout.on("data", (data: Buffer) => {
      said += data.toString();
      lines += data.toString().split("\n").length - 1;
      if (lines >= killAfter) child.kill("SIGKILL");
    });
    await new Promise((resolve) => child.once("close", resolve));
    for (const line of said.split("\n").slice(0, -1)) {
      const [what, number] = line.split(" ");
      if (what === "swap") swaps = Number(number);
      else appends = Number(number);
    }
    expect(lines).toBeGreaterThanOrEqual(killAfter);
    const store = await open({ file });
    const [left, right, journal] = [
      await store.get("pair/left"),
      await store.get("pair/right"),
      await store.journal("crash"),
    ];
    if (left.kind !== "value" || right.kind !== "value" || journal.kind !== "rows")
      throw new Error("the store cannot be read");
    expect(left.at).toEqual(right.at);
    // The one in flight at the kill may have been made.
    expect([swaps, swaps + 1]).toContain(left.at?.version);
    expect([appends, appends + 1]).toContain(journal.rows.length);
    // The next writer goes on from the swap, so an entry that is missing behind it is made up for here.
    for (let seq = journal.rows.length + 1; seq <= (left.at?.version ?? 0); seq += 1)
      await store.append({ run: "crash", seq, entry: "made up" });
    await store.close();
  }
}, 60_000);
