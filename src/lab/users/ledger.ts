// The clients' ledger: one line for each write that came to an end, in the order of those ends, appended and never changed. It is the
// only witness of what users were promised; everything the report counts is counted from it and from what the database holds.

import { createWriteStream, readFileSync } from "node:fs";

export type LedgerEntry = {
  /** "users": the load client; "stubborn": one connection for ever; "direct": past every router. */
  readonly client: "users" | "stubborn" | "direct";
  readonly what: "order" | "marker";
  readonly key: string;
  readonly seq: number;
  /** Milliseconds of this machine's wall clock, with fractions, from a clock that only goes forward. */
  readonly sentAt: number;
  readonly endedAt: number;
  /** "refused": every answer was a clear no, it was never executed. "unknown": it may have happened. */
  readonly outcome: "acknowledged" | "refused" | "unknown";
  readonly attempts: number;
  readonly router?: string;
  /** Under which the write was acknowledged, as the router says. */
  readonly epoch?: number;
  readonly why?: string;
};

export type LedgerWriter = {
  add(entry: LedgerEntry): void;
  close(): Promise<void>;
};

const flushEveryMs = 50;

export function openLedger(file: string): LedgerWriter {
  const stream = createWriteStream(file, { flags: "a", mode: 0o600 });
  let lines: string[] = [];
  const flush = (): void => {
    if (lines.length > 0) stream.write(lines.join(""));
    lines = [];
  };
  const timer = setInterval(flush, flushEveryMs);
  return {
    add(entry) {
      lines.push(`${JSON.stringify(entry)}\n`);
    },
    close() {
      clearInterval(timer);
      flush();
      return new Promise((resolve) => stream.end(() => resolve()));
    },
  };
}

/** A torn last line, of a client that was killed, is left out: nobody was told of it. */
export function readLedgerEntries(file: string): readonly LedgerEntry[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.flatMap((line, index) => {
    if (line === "") return [];
    try {
      return [JSON.parse(line) as LedgerEntry];
    } catch (error) {
      if (index === lines.length - 1) return [];
      throw new Error(`line ${index + 1} of ${file} is not an entry`, { cause: error });
    }
  });
}

/** Wall clock milliseconds that never go back. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
