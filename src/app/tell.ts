// Asks a controller on behalf of a person and prints what it answers.

import { userInfo } from "node:os";
import { makePeers } from "../drivers/http/peers.ts";
import { parseDuration } from "../manifest/duration.ts";
import { historyText } from "../render/text/history.ts";
import { statusText } from "../render/text/status.ts";
import {
  type CommandAnswer,
  type PeopleCallName,
  peopleCalls,
  type ReportAnswer,
  type SystemStatus,
} from "../wire/people.ts";
import { wireVersion } from "../wire/version.ts";
import { loadManifest, Refusal, readToken } from "./context.ts";

export type Reach = {
  readonly file: string;
  readonly url?: string;
  readonly tokenFile: string;
  readonly json?: boolean;
};

/** A switch is accepted at once or not; what it does then is followed with `leeward status`. */
const answerWithinMs = 10_000;

export async function tellController(reach: Reach, command: Readonly<Record<string, unknown>>): Promise<number> {
  const request = peopleCalls.command.request.safeParse({ ...command, by: whoAmI() });
  if (!request.success) {
    throw new Refusal(request.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "), 2);
  }
  const answer = await ask<CommandAnswer>(reach, "command", request.data);
  print(
    reach,
    answer,
    () =>
      `${answer.accepted || answer.sentence.startsWith("refused: ") ? "" : "refused: "}${answer.sentence}${answer.run === undefined ? "" : `\nrun: ${answer.run}`}\n`,
  );
  return answer.accepted ? 0 : 1;
}

export async function showStatus(reach: Reach): Promise<number> {
  const status = await ask<SystemStatus>(reach, "status", {});
  print(reach, status, () => statusText(status, { color: process.stdout.isTTY === true }));
  return 0;
}

export async function showHistory(reach: Reach, since: string): Promise<number> {
  const backMs = parseDuration(since);
  if (backMs === undefined) throw new Refusal(`--since ${since}: write a number and a unit, such as 30m or 2h.`, 2);
  const history = await ask<ReportAnswer>(reach, "history", { sinceMs: Date.now() - backMs, runsMax: 100 });
  print(reach, history, () => historyText(history, { color: process.stdout.isTTY === true }));
  return 0;
}

export async function ask<T>(reach: Reach, name: PeopleCallName, body: unknown): Promise<T> {
  const asker = makeAsker(reach, answerWithinMs);
  try {
    return await asker.ask<T>(name, body);
  } finally {
    asker.close();
  }
}

export type Asker = {
  /** The first controller's answer that comes within the time each of them is given; a `Refusal` when there is none. */
  readonly ask: <T>(name: PeopleCallName, body: unknown) => Promise<T>;
  readonly close: () => void;
};

/** For one question or many, over kept connections. Refuses at once what cannot be asked: no manifest, no token. */
export function makeAsker(reach: Reach, withinMs: number): Asker {
  const bases = reach.url === undefined ? controllersOf(reach.file) : [reach.url];
  const peers = makePeers({ token: readToken(reach.tokenFile), via: {}, version: wireVersion, caller: "command line" });
  return {
    ask: async <T>(name: PeopleCallName, body: unknown): Promise<T> => {
      let why = "";
      for (const base of bases) {
        const answer = await peers.call(base, name, body, withinMs);
        if (answer.kind === "answer") return answer.body as T;
        why = `${base}: ${answer.why}`;
        if (answer.cause === "unknown" && name === "command") {
          throw new Refusal(
            `No answer came, so it is not known whether it was taken: see \`leeward status\`. ${why}`,
            4,
          );
        }
      }
      throw new Refusal(`No controller answers. ${why}`, 3);
    },
    close: () => peers.close(),
  };
}

function controllersOf(file: string): readonly string[] {
  const { system } = loadManifest(file);
  const found = system.regions.flatMap((region) => (region.controller === undefined ? [] : [region.controller]));
  if (found.length === 0)
    throw new Refusal(`${file} names no controller: add regions.NAME.controller, or give --url.`, 2);
  return found;
}

export function print(reach: Reach, value: unknown, text: () => string): void {
  process.stdout.write(reach.json === true ? `${JSON.stringify(value, undefined, 2)}\n` : text());
}

function whoAmI(): string {
  try {
    return userInfo().username.slice(0, 64) || "somebody";
  } catch {
    return "somebody";
  }
}
