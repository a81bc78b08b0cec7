// Tells a damaged write-ahead log from one that a crash cut short.
//
// SQLite ends a log at the first frame that does not match its checksum, and forgets what comes after it. At the tail that is right:
// the last change was never acknowledged. In the middle it would silently take back changes that were. Each change is synced before
// the next one begins (synchronous=FULL); so a good frame of a *later* change behind a bad frame proves damage. A bad frame in the
// last change cannot be told from a crash, and is taken for one.
//
// Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log

import { readFileSync, statSync } from "node:fs";

const headerBytes = 32;
const frameHeaderBytes = 24;
const magicLittle = 0x377f0682;
const magicBig = 0x377f0683;
/** SQLite moves a log into the file at about 4 MB; one this large is left to SQLite alone. */
const logBytesMax = 256 * 1024 * 1024;

type Sum = readonly [number, number];

/** What is wrong with the log beside `file`, if it is more than a cut end. */
export function damageInLog(file: string): string | undefined {
  const size = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= headerBytes || size > logBytesMax) return undefined;
  return damageIn(readFileSync(`${file}-wal`));
}

function damageIn(log: Buffer): string | undefined {
  const pageBytes = log.readUInt32BE(8);
  const plausible = pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0;
  const magic = log.readUInt32BE(0);
  const little = magic === magicLittle;
  const stored = sumAt(log, 24);
  const headerIsGood = (little || magic === magicBig) && plausible && same(sumOf(log, 0, 24, [0, 0], little), stored);
  if (!headerIsGood) {
    // Anything of it may be what was hit: the size of a page (any store of ours has the usual one), the order of bytes in sums.
    const inUse = [true, false].some((order) =>
      framesOf(log, 4096, stored, order)
        .slice(1)
        .some(({ chained }) => chained),
    );
    return inUse ? "the beginning of its write-ahead log does not match its checksum" : undefined;
  }
  const salt = log.subarray(16, 24);
  const frames = framesOf(log, pageBytes, stored, little).map((frame) => ({
    ...frame,
    good: frame.chained && frame.salt.equals(salt),
  }));
  const bad = frames.findIndex(({ good }) => !good);
  if (bad < 0) return undefined;
  const endOfChange = frames.findIndex(({ commits }, index) => index >= bad && commits);
  const later = endOfChange >= 0 && frames.some(({ good }, index) => index > endOfChange && good);
  return later ? `frame ${bad + 1} of its write-ahead log does not match its checksum` : undefined;
}

/** `chained`: it matches its checksum, going on from the one stored in the frame before. */
function framesOf(
  log: Buffer,
  pageBytes: number,
  headerSum: Sum,
  little: boolean,
): { readonly commits: boolean; readonly salt: Buffer; readonly chained: boolean }[] {
  const frames = [];
  let before = headerSum;
  for (let at = headerBytes; at + frameHeaderBytes + pageBytes <= log.length; at += frameHeaderBytes + pageBytes) {
    const stored = sumAt(log, at + 16);
    const summed = sumOf(log, at + frameHeaderBytes, pageBytes, sumOf(log, at, 8, before, little), little);
    frames.push({
      commits: log.readUInt32BE(at + 4) !== 0,
      salt: log.subarray(at + 8, at + 16),
      chained: same(summed, stored),
    });
    before = stored;
  }
  return frames;
}

function sumAt(log: Buffer, at: number): Sum {
  return [log.readUInt32BE(at), log.readUInt32BE(at + 4)];
}

function sumOf(log: Buffer, from: number, bytes: number, start: Sum, little: boolean): Sum {
  let [one, two] = start;
  for (let at = from; at < from + bytes; at += 8) {
    one = (one + (little ? log.readUInt32LE(at) : log.readUInt32BE(at)) + two) >>> 0;
    two = (two + (little ? log.readUInt32LE(at + 4) : log.readUInt32BE(at + 4)) + one) >>> 0;
  }
  return [one, two];
}

function same(a: Sum, b: Sum): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
