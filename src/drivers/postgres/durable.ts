// Small files that must survive a power cut whole: written aside, synced, renamed, their folder synced.

import { chown, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Whom files belong to and processes run as. Left out: ourselves. Only a starter that is root needs it, because PostgreSQL refuses root. */
export type Owner = { readonly uid: number; readonly gid: number };

/** Writes under way, by file: two at once would share the file aside, and one would find it gone. */
const underWay = new Map<string, Promise<void>>();

/** Durable on return. Writes of one file happen in the order in which they were asked for. */
export async function writeDurably(file: string, text: string, mode: number, owner: Owner | undefined): Promise<void> {
  const before = underWay.get(file) ?? Promise.resolve();
  const mine = before.catch(() => undefined).then(() => writeAside(file, text, mode, owner));
  underWay.set(file, mine);
  try {
    await mine;
  } finally {
    if (underWay.get(file) === mine) underWay.delete(file);
  }
}

async function writeAside(file: string, text: string, mode: number, owner: Owner | undefined): Promise<void> {
  const aside = `${file}.new`;
  const handle = await open(aside, "w", mode);
  try {
    await handle.chmod(mode); // A file left by an earlier crash keeps its old rights otherwise.
    if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, file);
  await syncFolder(dirname(file));
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder that only its owner may enter. */
export async function makePrivateFolder(folder: string, owner: Owner | undefined): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
}

/** Undefined when it is absent or not JSON: whoever reads must be able to go on without it. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
}
