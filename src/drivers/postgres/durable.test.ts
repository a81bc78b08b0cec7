import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeDurably } from "./durable.ts";

test("writes of one file at the same time all succeed, and the last one asked for stays", async () => {
  const folder = await mkdtemp(join(tmpdir(), "leeward-durable-"));
  try {
    const file = join(folder, "note.json");
    await Promise.all(Array.from({ length: 20 }, (_, n) => writeDurably(file, `${n}`, 0o600, undefined)));
    expect(await readFile(file, "utf8")).toBe("19");
    expect(await readdir(folder)).toEqual(["note.json"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
