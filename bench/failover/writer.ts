// The writer, the same for every system. The steady client keeps one connection and inserts a row every 10 ms; its longest time without
// an acknowledgement is the outage. Beside it, every 50 ms a visitor connects anew, inserts one row and leaves: it meets whatever the
// front sends newcomers to, such as an old primary that just woke. Every row is written once, by one attempt: nobody is told "done" twice.

import { connect, type Session } from "./session.ts";

export const insertEveryMs = 10;
export const insertLimitMs = 300;
/** Logging in takes several round trips; where links are slow it takes longer than an insert. */
export const connectLimitMs = 500;
const visitEveryMs = 50;
const visitorsMax = 8;

export type Acknowledged = {
  readonly client: "steady" | "visitor";
  readonly seq: number;
  readonly sentAt: number;
  readonly at: number;
  /** The port of the server that took the row: tells the old primary from the new one. */
  readonly server: number;
};

export type Writer = {
  readonly acknowledged: readonly Acknowledged[];
  /** Inserts that were sent and not acknowledged: refused, or nobody knows. */
  readonly failed: () => number;
  readonly lastError: () => string;
  stop(): Promise<void>;
};

export const tableName = "failover_bench";
export const createTable = `create table ${tableName} (seq bigint primary key, at timestamptz not null default now())`;
const insert = `insert into ${tableName} (seq) values ($1) returning inet_server_port() as port`;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function startWriter(fronts: readonly string[]): Writer {
  const acknowledged: Acknowledged[] = [];
  let seq = 0;
  let failed = 0;
  let lastError = "nothing was tried yet";
  let stopped = false;

  async function write(session: Session, client: Acknowledged["client"]): Promise<boolean> {
    const mine = ++seq;
    const sentAt = performance.now();
    try {
      const [row] = await session.query(insert, [mine], insertLimitMs);
      acknowledged.push({ client, seq: mine, sentAt, at: performance.now(), server: Number(row?.port) });
      return true;
    } catch (error) {
      failed++;
      lastError = (error as Error).message;
      session.drop();
      return false;
    }
  }

  async function steady(): Promise<void> {
    let session: Session | undefined;
    let front = 0;
    let due = performance.now();
    while (!stopped) {
      // Lateness does not pile up: after a wait of any length the next insert is due at once, and one only.
      due = Math.max(due + insertEveryMs, performance.now());
      try {
        session ??= await connect(fronts[front] as string, connectLimitMs);
        if (!(await write(session, "steady"))) session = undefined;
      } catch (error) {
        lastError = (error as Error).message;
      }
      if (session === undefined) front = (front + 1) % fronts.length;
      const waitMs = due - performance.now();
      // Also when late: an error that comes at once must not make this a busy loop.
      if (waitMs > 0 || session === undefined) await sleep(Math.max(waitMs, 1));
    }
    session?.drop();
  }

  async function visits(): Promise<void> {
    const inside = new Set<Promise<void>>();
    let front = 0;
    while (!stopped) {
      if (inside.size < visitorsMax) {
        const mine = front;
        const visit = connect(fronts[mine] as string, connectLimitMs)
          .then(async (session) => {
            if (!(await write(session, "visitor"))) throw new Error("not written");
            session.drop();
          })
          .catch(() => {
            if (front === mine) front = (front + 1) % fronts.length;
          })
          .finally(() => inside.delete(visit));
        inside.add(visit);
      }
      await sleep(visitEveryMs);
    }
    await Promise.all(inside);
  }

  const running = Promise.all([steady(), visits()]);
  return {
    acknowledged,
    failed: () => failed,
    lastError: () => lastError,
    async stop() {
      stopped = true;
      await running;
    },
  };
}
