// One line per state change. The level follows the consequence, not the surprise.

export type LogLevel = "info" | "warn" | "error";

export interface Log {
  write(
    level: LogLevel,
    part: string,
    sentence: string,
    fields?: Readonly<Record<string, string | number | boolean>>,
  ): void;
}
