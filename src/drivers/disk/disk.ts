// `Disk`: a folder with one JSON file for each name.
//
// 1. A write is durable when it returns: written aside, synced, renamed over the old one, the folder synced. Killed anywhere in
//    between, the old value or the new one is there, whole.
// 2. What fails its checksum is "torn", never a value: a promise that was half read is no promise.
// 3. Writes of one name happen in the order in which they were asked for.

import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Disk } from "../../ports/disk.ts";

/** Of the files themselves; grows when their form changes. */
const fileFormat = 1;
const valueBytesMax = 16 * 1024 * 1024;
const nameCharactersMax = 100;

/**
 * Opens the folder, makes it when it is not there (only its owner may read it), and clears away what writes left behind that a
 * crash had interrupted. Throws a plain sentence when it cannot be used.
 */
export async function openDisk(folder: string): Promise<Disk> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const left of await readdir(folder))
      if (/^\.[^/]*\.aside$/.test(left)) await rm(join(folder, left), { force: true });
  } catch (error) {
    throw sentenceOf(error, `The state folder ${folder} cannot be used`);
  }
  const underWay = new Map<string, Promise<void>>();
  return {
    async read(name) {
      const file = fileOf(folder, name);
      try {
        return valueIn(await readFile(file, "utf8"), file);
      } catch (error) {
        if (codeOf(error) === "ENOENT") return { kind: "absent" };
        throw sentenceOf(error, `The state file ${file} cannot be read`);
      }
    },
    write(name, value) {
      const file = fileOf(folder, name);
      // Taken now: the caller may go on changing what it gave.
      const text = contentOf(value, file);
      const before = underWay.get(file) ?? Promise.resolve();
      const write = before.catch(() => {}).then(() => replace(folder, file, text));
      underWay.set(file, write);
      const forget = (): void => {
        if (underWay.get(file) === write) underWay.delete(file);
      };
      write.then(forget, forget);
      return write;
    },
  };
}

async function replace(folder: string, file: string, text: string): Promise<void> {
  const aside = join(folder, `.${file.slice(folder.length + 1)}.${process.pid}.aside`);
  try {
    const handle = await open(aside, "w", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
    const place = await open(folder, "r");
    try {
      await place.sync();
    } finally {
      await place.close();
    }
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {}); // It may be what the disk is too full for; the next start clears it.
    throw sentenceOf(error, `The state file ${file} could not be written`);
  }
}

function fileOf(folder: string, name: string): string {
  if (name.length === 0 || name.length > nameCharactersMax || /\p{Cc}/u.test(name) || !name.isWellFormed()) {
    throw new Error(
      `${JSON.stringify(name.slice(0, 40))} cannot be the name of a state file: it must have 1 to ${nameCharactersMax} characters, none of them a control character.`,
    );
  }
  const file = encodeURIComponent(name);
  if (file.length > 200)
    throw new Error(`${JSON.stringify(name.slice(0, 40))} is too long for the name of a state file.`);
  return join(folder, `${file}.json`);
}

function contentOf(value: unknown, file: string): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new Error(`The state file ${file} was not written: its value is not JSON.`);
  if (text.length > valueBytesMax)
    throw new Error(
      `The state file ${file} was not written: its value has ${text.length} characters, ${valueBytesMax} are allowed.`,
    );
  return `{"leeward":${fileFormat},"sha256":"${sumOf(text)}","value":${text}}\n`;
}

type Reading = Awaited<ReturnType<Disk["read"]>>;

function valueIn(text: string, file: string): Reading {
  const torn = (what: string): Reading => ({
    kind: "torn",
    why: `The state file ${file} ${what}. It was left as it is.`,
  });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return torn(text.trim() === "" ? "is empty" : "is damaged: it is not whole JSON");
  }
  if (
    typeof content !== "object" ||
    content === null ||
    !("leeward" in content) ||
    !("sha256" in content) ||
    !("value" in content)
  ) {
    return torn("is damaged, or was not written by Leeward");
  }
  if (content.leeward !== fileFormat) {
    return torn(
      `was written by another version of Leeward: it has format ${String(content.leeward)}, this version reads format ${fileFormat}`,
    );
  }
  // What JSON makes of a value does not change when it goes through JSON again, so the sum holds for any spacing of the file.
  if (sumOf(JSON.stringify(content.value)) !== content.sha256)
    return torn("is damaged: it does not match its checksum");
  return { kind: "value", value: content.value };
}

function sumOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; free some space on it",
  EDQUOT: "this user's share of the disk is used up",
  EROFS: "the file system is mounted read-only; look at `dmesg` for the reason",
  EACCES: "this user may not",
  EPERM: "this user may not",
  EIO: "the disk answers with errors; look at `dmesg`",
  ENOENT: "its folder is gone",
  ENOTDIR: "a part of its path is a file, not a folder",
  EISDIR: "it is a folder",
  EMFILE: "this process has too many open files",
  ENFILE: "this machine has too many open files",
};

/** The error to throw for what the file system said. */
export function sentenceOf(error: unknown, what: string): Error {
  const code = codeOf(error);
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error));
  return new Error(`${what}: ${reason}${code === "" ? "" : ` (${code})`}.`, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
