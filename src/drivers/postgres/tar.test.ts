import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TarWriter } from "./tar.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leeward-tar-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** One entry in the ustar format, made independently of the reader. */
function entry(name: string, body: Buffer, type = "0"): Buffer {
  const head = Buffer.alloc(512);
  head.write(name, 0);
  head.write("0000600\0", 100);
  head.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
  head.write("        ", 148);
  head.write(type, 156);
  head.write("ustar\0", 257);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([head, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

async function unpack(archive: Buffer, cuts: readonly number[]): Promise<void> {
  const writer = new TarWriter(folder, undefined);
  try {
    let from = 0;
    for (const to of [...cuts, archive.length].sort((one, other) => one - other)) {
      await writer.write(archive.subarray(from, to));
      from = to;
    }
    await writer.end();
  } finally {
    await writer.close();
  }
}

test("an archive may be cut anywhere", async () => {
  const files = [0, 1, 511, 512, 513, 3000].map((size, index) => ({
    name: `base/f${index}`,
    body: Buffer.alloc(size, index + 65),
  }));
  const archive = Buffer.concat([...files.map(({ name, body }) => entry(name, body)), Buffer.alloc(1024)]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: archive.length }), { maxLength: 12 }), async (cuts) => {
      await unpack(archive, cuts);
      for (const { name, body } of files) expect(readFileSync(join(folder, name))).toEqual(body);
    }),
    { numRuns: 30 },
  );
});

test("what the system's own tar packs comes out the same", async () => {
  const source = join(folder, "source");
  mkdirSync(join(source, "a", "b"), { recursive: true });
  writeFileSync(join(source, "a", "b", "c"), "text");
  writeFileSync(join(source, "empty"), "");
  const archive = execFileSync("tar", ["--format=ustar", "-C", source, "-cf", "-", "a", "empty"]);
  await unpack(archive, [100, 700]);
  expect(readFileSync(join(folder, "a", "b", "c"), "utf8")).toBe("text");
  expect(readFileSync(join(folder, "empty"), "utf8")).toBe("");
});

test("an archive that stops in the middle of a file is refused", async () => {
  const archive = entry("f", Buffer.alloc(1000, 1));
  await expect(unpack(archive.subarray(0, 900), [])).rejects.toThrow("stopped in the middle");
});

test("a damaged header is refused", async () => {
  const archive = entry("f", Buffer.alloc(10, 1));
  archive[0] = 0x67;
  await expect(unpack(archive, [])).rejects.toThrow("wrong checksum");
});

test("nothing is written outside the folder", async () => {
  await expect(unpack(entry("../outside", Buffer.from("x")), [])).rejects.toThrow("outside its folder");
});

test("a link out of the folder is refused", async () => {
  symlinkSync("/etc", join(folder, "x"));
  await expect(unpack(entry("pg_tblspc/1", Buffer.alloc(0), "2"), [])).rejects.toThrow("tablespace");
});
