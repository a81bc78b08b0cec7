import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { diskContract } from "../../../test/contract/disk.contract.ts";
import { openDisk, sentenceOf } from "./disk.ts";

const root = mkdtempSync(join(tmpdir(), "leeward-disk-"));
let folders = 0;
const newFolder = (): string => join(root, `${++folders}`, "state");
afterAll(() => rmSync(root, { recursive: true, force: true }));

diskContract("a folder", () => openDisk(newFolder()));

describe("a folder as a disk", { timeout: 30_000 }, () => {
  test("keeps its values for the next process, readable by their owner only, and nothing else beside them", async () => {
    const folder = newFolder();
    await (await openDisk(folder)).write("member-shop", { epoch: 3 });
    expect(readdirSync(folder)).toEqual(["member-shop.json"]);
    expect(statSync(join(folder, "member-shop.json")).mode & 0o777).toBe(0o600);
    expect(await (await openDisk(folder)).read("member-shop")).toEqual({ kind: "value", value: { epoch: 3 } });
  });

  test("a file that lost any byte, or had any byte changed, is torn or still says the same: never another value", async () => {
    const folder = newFolder();
    const disk = await openDisk(folder);
    const value = { epoch: 3, promised: { until: 123.5, to: ["north", "søuth"] }, none: null };
    await disk.write("a", value);
    const file = join(folder, "a.json");
    const whole = readFileSync(file);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: whole.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        fc.boolean(),
        async (at, byte, cut) => {
          const broken = cut ? whole.subarray(0, at) : Buffer.from(whole);
          if (!cut) broken[at] = byte;
          writeFileSync(file, broken);
          const reading = await disk.read("a");
          if (reading.kind === "value") expect(reading.value).toEqual(value);
          else expect(reading).toEqual({ kind: "torn", why: expect.stringContaining(`The state file ${file} `) });
        },
      ),
      { numRuns: 300 },
    );
    // Unchanged by all that reading.
    writeFileSync(file, whole.subarray(0, 20));
    await disk.read("a");
    expect(readFileSync(file).length).toBe(20);
  });

  test("a file of another version says which", async () => {
    const folder = newFolder();
    const disk = await openDisk(folder);
    writeFileSync(join(folder, "a.json"), '{"leeward":2,"sha256":"","value":1}');
    expect(await disk.read("a")).toMatchObject({
      kind: "torn",
      why: expect.stringContaining("has format 2, this version reads format 1"),
    });
  });

  test("what an interrupted write left is cleared away at the next start, and other people's files are not", async () => {
    const folder = newFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, ".a.json.4711.aside"), '{"leeward":1');
    writeFileSync(join(folder, "notes.txt"), "mine");
    await openDisk(folder);
    expect(readdirSync(folder)).toEqual(["notes.txt"]);
  });

  test("a write that fails keeps the old value, says so in a sentence, and the next one works", async () => {
    const folder = newFolder();
    const disk = await openDisk(folder);
    await disk.write("a", 1);
    // A folder in the place of the file that is written aside.
    mkdirSync(join(folder, `.a.json.${process.pid}.aside`, "x"), { recursive: true });
    await expect(disk.write("a", 2)).rejects.toThrow(
      /^The state file .*a\.json could not be written: it is a folder \(EISDIR\)\.$/,
    );
    expect(await disk.read("a")).toEqual({ kind: "value", value: 1 });
    rmSync(join(folder, `.a.json.${process.pid}.aside`), { recursive: true });
    await disk.write("a", 3);
    expect(await disk.read("a")).toEqual({ kind: "value", value: 3 });
  });

  test("a folder that cannot be used is refused when it is opened", async () => {
    const file = join(root, "a-file");
    writeFileSync(file, "");
    await expect(openDisk(join(file, "state"))).rejects.toThrow("a part of its path is a file, not a folder");
  });

  test.each([
    ["ENOSPC", "the disk is full"],
    ["EROFS", "mounted read-only"],
    ["EIO", "the disk answers with errors"],
  ])("%s is said plainly", (code, words) => {
    expect(
      sentenceOf(Object.assign(new Error("x"), { code }), "The state file a could not be written").message,
    ).toContain(words);
  });
});

test.runIf(process.platform === "linux")("on a really full file the old value stays", async () => {
  // /dev/full takes no byte: the file that is written aside is a link to it.
  const folder = newFolder();
  const disk = await openDisk(folder);
  await disk.write("a", 1);
  symlinkSync("/dev/full", join(folder, `.a.json.${process.pid}.aside`));
  await expect(disk.write("a", 2)).rejects.toThrow("the disk is full; free some space on it (ENOSPC)");
  expect(await disk.read("a")).toEqual({ kind: "value", value: 1 });
});
