import { expect, test } from "vitest";
import { diskContract } from "./disk.contract.ts";
import { makeMemoryDisk } from "./memory-disk.ts";

diskContract("the disk in memory", async () => makeMemoryDisk());

test("a disk told to fail keeps what it had, and one that was torn says so until it is written again", async () => {
  const disk = makeMemoryDisk();
  await disk.write("a", 1);
  disk.failWrites("The disk is full.");
  await expect(disk.write("a", 2)).rejects.toThrow("The disk is full.");
  expect(await disk.read("a")).toEqual({ kind: "value", value: 1 });
  disk.failWrites(undefined);
  disk.tear("a");
  expect(await disk.read("a")).toMatchObject({ kind: "torn" });
  await disk.write("a", 3);
  expect(await disk.read("a")).toEqual({ kind: "value", value: 3 });
});
