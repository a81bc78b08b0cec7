// What every `Disk` does, real or fake.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Disk } from "../../src/ports/disk.ts";

export function diskContract(name: string, openEmpty: () => Promise<Disk>): void {
  describe(`the contract of a disk, by ${name}`, { timeout: 30_000 }, () => {
    test("what was never written is absent", async () => {
      expect(await (await openEmpty()).read("member-shop")).toEqual({ kind: "absent" });
    });

    test("the newest value is read, under any name that a group may have", async () => {
      const disk = await openEmpty();
      for (const file of ["member-shop", "Member-shop 2", "../member", "å/b", ".", "..", "a%2Fb", "a/b"]) {
        await disk.write(file, { epoch: 1, file });
        await disk.write(file, { epoch: 2, file });
      }
      for (const file of ["member-shop", "Member-shop 2", "../member", "å/b", ".", "..", "a%2Fb", "a/b"]) {
        expect(await disk.read(file)).toEqual({ kind: "value", value: { epoch: 2, file } });
      }
    });

    test("of several writes at once the last one asked for stays", async () => {
      const disk = await openEmpty();
      await Promise.all(
        Array.from({ length: 12 }, (_, n) => disk.write("a", { n, padding: "x".repeat((12 - n) * 1_000) })),
      );
      expect(await disk.read("a")).toMatchObject({ kind: "value", value: { n: 11 } });
    });

    test("a value is what it was when it was given, whatever its owner does with it afterwards", async () => {
      const disk = await openEmpty();
      const value = { held: ["north"] };
      const writing = disk.write("a", value);
      value.held.push("south");
      await writing;
      expect(await disk.read("a")).toEqual({ kind: "value", value: { held: ["north"] } });
    });

    test.each(["", "a\nb", "\u0000", "\ud800", "x".repeat(101)])("the name %j is refused", async (bad) => {
      const disk = await openEmpty();
      await expect((async () => disk.write(bad, 1))()).rejects.toThrow("name of a state file");
      await expect((async () => disk.read(bad))()).rejects.toThrow("name of a state file");
    });

    test("what is not JSON is refused, and any JSON comes back as it went in", async () => {
      const disk = await openEmpty();
      await expect((async () => disk.write("a", undefined))()).rejects.toThrow("not JSON");
      await fc.assert(
        fc.asyncProperty(fc.jsonValue(), async (value) => {
          await disk.write("a", value);
          expect(await disk.read("a")).toEqual({ kind: "value", value: JSON.parse(JSON.stringify(value)) });
        }),
        { numRuns: 40 },
      );
    });
  });
}
