// Unpacks a tar archive as it arrives: the little of the ustar format that a base backup uses (files, folders, links).
// Format: https://www.gnu.org/software/tar/manual/html_node/Standard.html
// T1. Nothing is written outside the target folder, whatever the archive says.
// T2. Only what is being unpacked is in memory.

import { chown, type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import type { Owner } from "./durable.ts";
import { DriverError } from "./errors.ts";

const blockBytes = 512;

type TarEntry = {
  readonly name: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly kind: "file" | "folder" | "other";
};

/** Undefined for a block of zeros, which ends an archive. Throws when the checksum is wrong. */
function parseHeader(block: Buffer): TarEntry | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  // The checksum counts its own field as blanks.
  let sum = 8 * 0x20;
  for (const [at, byte] of block.entries()) if (at < 148 || at >= 156) sum += byte;
  if (sum !== octal(block, 148, 8))
    throw new DriverError("backup", "later", "The copy arrived damaged (a wrong checksum in the archive).");
  const prefix = text(block, 345, 155);
  const name = text(block, 0, 100);
  const type = String.fromCharCode(block[156] ?? 0);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: octal(block, 100, 8) & 0o777,
    sizeBytes: octal(block, 124, 12),
    kind: type === "0" || type === "\0" ? "file" : type === "5" ? "folder" : "other",
  };
}

function text(block: Buffer, from: number, length: number): string {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end === -1 ? length : end);
}

function octal(block: Buffer, from: number, length: number): number {
  const field = block.subarray(from, from + length);
  // Sizes past 8 GB are binary, marked by the first bit.
  if (((field[0] ?? 0) & 0x80) !== 0) return Number(field.readBigUInt64BE(length - 8));
  return Number.parseInt(text(block, from, length).trim() || "0", 8);
}

/** Takes an archive in pieces of any size. One `write` at a time; `end` says whether it came whole. */
export class TarWriter {
  readonly #folder: string;
  readonly #owner: Owner | undefined;
  readonly #made = new Set<string>();
  #head = Buffer.alloc(0);
  #file: FileHandle | undefined;
  #leftBytes = 0;
  #padBytes = 0;
  #ended = false;

  constructor(folder: string, owner: Owner | undefined) {
    this.#folder = folder;
    this.#owner = owner;
  }

  async write(piece: Buffer): Promise<void> {
    let rest = piece;
    while (rest.length > 0 && !this.#ended) {
      if (this.#leftBytes > 0) rest = await this.#body(rest);
      else if (this.#padBytes > 0) rest = this.#pad(rest);
      else rest = await this.#header(rest);
    }
  }

  /** Throws when the archive stops within an entry. */
  async end(): Promise<void> {
    await this.close();
    if (this.#leftBytes > 0 || this.#head.length > 0) {
      throw new DriverError("backup", "later", "The copy stopped in the middle of a file.");
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #body(piece: Buffer): Promise<Buffer> {
    const part = piece.subarray(0, this.#leftBytes);
    if (this.#file !== undefined) await writeAll(this.#file, part);
    this.#leftBytes -= part.length;
    if (this.#leftBytes === 0) await this.close();
    return piece.subarray(part.length);
  }

  #pad(piece: Buffer): Buffer {
    const skipped = Math.min(this.#padBytes, piece.length);
    this.#padBytes -= skipped;
    return piece.subarray(skipped);
  }

  async #header(piece: Buffer): Promise<Buffer> {
    const taken = piece.subarray(0, blockBytes - this.#head.length);
    this.#head = Buffer.concat([this.#head, taken]);
    const rest = piece.subarray(taken.length);
    if (this.#head.length < blockBytes) return rest;
    const entry = parseHeader(this.#head);
    this.#head = Buffer.alloc(0);
    if (entry === undefined) this.#ended = true;
    else await this.#begin(entry);
    return rest;
  }

  async #begin(entry: TarEntry): Promise<void> {
    const path = join(this.#folder, normalize(entry.name));
    if (path !== this.#folder && !path.startsWith(`${this.#folder}/`)) {
      throw new DriverError(
        "backup",
        "never",
        `The copy holds a file outside its folder (${entry.name}); nothing of it is used.`,
      );
    }
    this.#leftBytes = entry.sizeBytes;
    this.#padBytes = (blockBytes - (entry.sizeBytes % blockBytes)) % blockBytes;
    if (entry.kind === "folder") return this.#makeFolder(path);
    if (entry.kind === "other") {
      throw new DriverError(
        "backup",
        "never",
        `The primary keeps a tablespace or link outside its data folder (${entry.name}), which cannot be copied to another machine by itself.`,
      );
    }
    await this.#makeFolder(dirname(path));
    this.#file = await open(path, "w", 0o600);
    if (this.#owner !== undefined) await this.#file.chown(this.#owner.uid, this.#owner.gid);
    if (entry.sizeBytes === 0) await this.close();
  }

  async #makeFolder(path: string): Promise<void> {
    if (this.#made.has(path) || path === this.#folder) return;
    if (path !== dirname(path)) await this.#makeFolder(dirname(path));
    await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    if (this.#owner !== undefined) await chown(path, this.#owner.uid, this.#owner.gid);
    this.#made.add(path);
  }
}

async function writeAll(file: FileHandle, part: Buffer): Promise<void> {
  for (let written = 0; written < part.length; ) {
    written += (await file.write(part, written)).bytesWritten;
  }
}
