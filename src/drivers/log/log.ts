// `Log`: one line for each change of state, on the error stream or in a file, always with the same columns:
//
//   2025-03-01T12:00:00.000Z warn  lease     north fences shop: no confirmation for a whole lease  group=shop epoch=3
//
// 1. Nothing waits for the log, and it never throws: when its disk hangs or is full, lines are dropped, and how many is said in
//    the next line that gets through.
// 2. No secret and no line break gets into a line (redact-field.ts).

import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { redact } from "../../core/model/redact.ts";
import type { Log, LogLevel } from "../../ports/log.ts";
import { redactField } from "./redact-field.ts";

export type LogSettings = {
  readonly to:
    | { readonly kind: "stderr" }
    | { readonly kind: "file"; readonly file: string }
    | { readonly kind: "stream"; readonly stream: Writable };
  readonly format: "text" | "json";
  readonly wallMs?: () => number;
};

/** What may wait for a slow disk. */
const waitingBytesMax = 1024 * 1024;
const lineCharactersMax = 8_000;
/** So long `close` waits for what is still to be written. */
const closeWithinMs = 1_000;

type Fields = Readonly<Record<string, string | number | boolean>>;

/** `close` writes out what waits, within a second. */
export function makeLog({ to, format, wallMs = Date.now }: LogSettings): Log & { close(): Promise<void> } {
  const stream: Writable =
    to.kind === "stderr"
      ? process.stderr
      : to.kind === "stream"
        ? to.stream
        : createWriteStream(to.file, { flags: "a", mode: 0o600 });
  const lineOf = format === "json" ? jsonLine : textLine;
  let dropped = 0;
  let broken = false;
  if (to.kind !== "stderr") {
    stream.on("error", () => {
      broken = true;
    });
  }
  const put = (line: string): boolean => {
    if (broken || stream.destroyed || stream.writableLength > waitingBytesMax) return false;
    try {
      stream.write(`${line}\n`);
      return true;
    } catch {
      return false;
    }
  };
  return {
    write(level, part, sentence, fields = {}) {
      const time = timeOf(wallMs());
      if (
        dropped > 0 &&
        put(lineOf(time, "warn", "log", `${dropped} lines were dropped: the log could not be written fast enough`, {}))
      )
        dropped = 0;
      if (!put(lineOf(time, level, part, sentence, fields))) dropped += 1;
    },
    close() {
      if (to.kind === "stderr" || broken || stream.destroyed) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          stream.destroy();
          resolve();
        }, closeWithinMs);
        const done = (): void => {
          clearTimeout(timer);
          resolve();
        };
        stream.once("error", done);
        stream.end(done);
      });
    },
  };
}

function textLine(time: string, level: LogLevel, part: string, sentence: string, fields: Fields): string {
  const pairs = Object.entries(fields).map(
    ([name, value]) => `${oneLine(name)}=${quotedWhereNeeded(String(redactField(name, value)))}`,
  );
  return [
    time,
    level.padEnd(5),
    oneLine(part).padEnd(10),
    `${oneLine(redact(sentence))}${pairs.length > 0 ? ` ${pairs.join(" ")}` : ""}`,
  ]
    .join(" ")
    .slice(0, lineCharactersMax);
}

function jsonLine(time: string, level: LogLevel, part: string, sentence: string, fields: Fields): string {
  const safe = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, redactField(name, value)]));
  const line = JSON.stringify({ time, level, part, sentence: redact(sentence), fields: safe });
  // Half a JSON object is none.
  return line.length <= lineCharactersMax
    ? line
    : JSON.stringify({
        time,
        level,
        part,
        sentence: redact(sentence).slice(0, lineCharactersMax / 8),
        fields: { cut: true },
      });
}

/** A date beyond what a calendar knows must not stop anybody from logging. */
function timeOf(wallMs: number): string {
  return Math.abs(wallMs) <= 8.64e15 ? new Date(wallMs).toISOString() : "0000-00-00T00:00:00.000Z";
}

/** Line breaks and terminal codes become visible instead of doing anything. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (character) =>
    character === "\n" ? "\\n" : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

function quotedWhereNeeded(value: string): string {
  return value === "" || /[\s"=]/.test(value) ? JSON.stringify(value) : oneLine(value);
}
