// One round: a fresh system, the writer at work, one event, and what it cost. The same for every system.

import { setTimeout as sleep } from "node:timers/promises";
import { BenchFailure, type Contender, type Running, until } from "./contender.ts";
import { askOnce } from "./session.ts";
import { type Acknowledged, createTable, startWriter, tableName, type Writer } from "./writer.ts";

export const eventNames = ["kill", "freeze", "switchover"] as const;
export type EventName = (typeof eventNames)[number];

export type Round = {
  readonly event: EventName;
  readonly system: string;
  readonly profile: string;
  readonly round: number;
  /** Longest gap between acknowledged inserts of the steady client. */
  readonly outageMs: number;
  /** From the event to the first acknowledgement by the successor, by any client. */
  readonly successorMs: number;
  readonly acknowledged: number;
  /** Sent and not acknowledged. */
  readonly failed: number;
  /** Acknowledged rows that the serving database does not have. */
  readonly lost: number;
  /** Rows the old primary acknowledged that were sent after the successor's first acknowledgement: two writers. */
  readonly late: number;
  /** Who was told "done" for the lost rows, by which server, and when; ms since the event. */
  readonly lostRows: readonly LostRows[];
};

type LostRows = {
  readonly client: string;
  readonly by: "old primary" | "successor";
  readonly rows: number;
  readonly firstMs: number;
  readonly lastMs: number;
};

const wholeDeadlineMs = 120_000;
const warmUpDeadlineMs = 60_000;
const warmUpMs = 3_000;
/** A lease is renewed every second or so: the event falls anywhere in between. */
const jitterMs = 1_000;
const successorDeadlineMs = 120_000;
const goOnMs = 3_000;
/** Of a frozen region, after its successor serves. */
const thawAfterMs = 5_000;
const servingDeadlineMs = 90_000;
/** A woken old primary may still be argued about: the rows are counted where the same region has served for so long. */
const settledMs = 6_000;
const lookEveryMs = 20;

export async function playRound(
  contender: Contender,
  event: EventName,
  round: number,
  say: (detail: string) => void,
): Promise<Round> {
  const running = await contender.up(say);
  let writer: Writer | undefined;
  try {
    await until("the table is made", 30_000, 200, async () => {
      await askOnce(running.databases[running.primary] as string, createTable);
      return undefined;
    });
    say("waiting for a standby that could take over");
    await until("a standby that could take over", wholeDeadlineMs, 200, running.notWhole);
    writer = startWriter(running.fronts);
    say("writing");
    const before = await warmUp(writer);
    await until("a standby that could take over", wholeDeadlineMs, 200, running.notWhole);
    await sleep(Math.random() * jitterMs);

    const at = performance.now();
    say(`${event}, then waiting for the successor`);
    // Patroni answers when all is done, which is not what is measured; its refusal is.
    let refused: Error | undefined;
    const asked = { kill: running.kill, freeze: running.freeze, switchover: running.switchover }
      [event]()
      .catch((error: Error) => {
        refused = error;
      });
    const successor = await untilSuccessor(writer, before, () => refused);
    await asked;
    if (refused !== undefined) throw refused;
    if (event === "freeze") {
      say("the successor serves; the frozen region wakes soon");
      await sleep(thawAfterMs);
      await running.thaw();
    }
    await sleep(event === "freeze" ? thawAfterMs : goOnMs);
    await writer.stop();
    const endedAt = performance.now();

    say("counting");
    const stored = await readStored(running);
    const { acknowledged } = writer;
    const lost = acknowledged.filter((one) => !stored.has(one.seq));
    return {
      event,
      system: contender.system,
      profile: contender.profile,
      round,
      outageMs: Math.round(longestGap(acknowledged, at, endedAt)),
      successorMs: Math.round(successor.at - at),
      acknowledged: acknowledged.length,
      failed: writer.failed(),
      lost: lost.length,
      late: acknowledged.filter((one) => one.server === before && one.sentAt > successor.at).length,
      lostRows: describeLost(lost, before, at),
    };
  } finally {
    await writer?.stop();
    await running.down();
  }
}

/** Until writes flow without a break; returns the server that takes them. */
async function warmUp(writer: Writer): Promise<number> {
  let from = writer.acknowledged.length;
  let since = performance.now();
  let failed = writer.failed();
  await until("writes that flow", warmUpDeadlineMs, lookEveryMs, async () => {
    // HAProxy sends newcomers to a replica until its first check has come back; that is not yet the measurement.
    if (writer.failed() !== failed || writer.acknowledged.length === from) {
      failed = writer.failed();
      from = writer.acknowledged.length;
      since = performance.now();
    }
    return performance.now() - since >= warmUpMs ? undefined : `an insert failed lately: ${writer.lastError()}`;
  });
  return writer.acknowledged.at(-1)?.server as number;
}

async function untilSuccessor(writer: Writer, before: number, refused: () => Error | undefined): Promise<Acknowledged> {
  const start = writer.acknowledged.length;
  const giveUpAt = performance.now() + successorDeadlineMs;
  for (;;) {
    const found = writer.acknowledged.slice(start).find((one) => one.server !== before);
    if (found !== undefined) return found;
    const why = refused();
    if (why !== undefined) throw why;
    if (performance.now() > giveUpAt)
      throw new BenchFailure(
        `no other server took a write within ${successorDeadlineMs / 1_000} s; last error of the writer: ${writer.lastError()}`,
      );
    await sleep(lookEveryMs);
  }
}

/** From a second before the event to the end; a writer that never got through again counts until the end. */
export function longestGap(acknowledged: readonly Acknowledged[], at: number, endedAt: number): number {
  const times = acknowledged.filter((one) => one.client === "steady" && one.at > at - 1_000).map((one) => one.at);
  let longest = 0;
  let previous = times[0] ?? at;
  for (const time of [...times, endedAt]) {
    longest = Math.max(longest, time - previous);
    previous = time;
  }
  return longest;
}

function describeLost(lost: readonly Acknowledged[], before: number, at: number): readonly LostRows[] {
  const groups = Map.groupBy(lost, ({ client, server }) => `${client} ${server}`);
  return [...groups.values()].map((group) => {
    const [{ client, server }] = group as [Acknowledged, ...Acknowledged[]];
    const times = group.map((one) => Math.round(one.at - at)).sort((a, b) => a - b);
    const by = server === before ? "old primary" : "successor";
    return { client, by, rows: group.length, firstMs: times[0] ?? 0, lastMs: times.at(-1) ?? 0 };
  });
}

async function readStored(running: Running): Promise<ReadonlySet<number>> {
  let stored: ReadonlySet<number> = new Set();
  let last: string | undefined;
  let since = performance.now();
  await until("the serving database is read", servingDeadlineMs, 200, async () => {
    const region = await running.serving();
    if (region !== last) since = performance.now();
    last = region;
    if (region === undefined) return "nobody is sure which region serves";
    if (performance.now() - since < settledMs) return `${region} has not served for long`;
    const url = running.databases[region];
    if (url === undefined) return `there is no address of the database in ${region}`;
    const rows = await askOnce(
      url,
      `select seq::float8 as seq from ${tableName} where not pg_is_in_recovery()`,
      10_000,
    );
    if (rows.length === 0) return `the database in ${region} does not take writes`;
    stored = new Set(rows.map((row) => Number(row.seq)));
    return undefined;
  });
  return stored;
}
