// One connection to PostgreSQL that can be given up at any moment, whatever state the other side is in.

import { Socket } from "node:net";
import pg from "pg";

export type Session = {
  /** Rejects after `limitMs`, or when the server or the connection says no. The session is of no use after that. */
  query(text: string, values: readonly unknown[], limitMs: number): Promise<readonly Record<string, unknown>[]>;
  /** At once, without a word to the other side. */
  drop(): void;
};

/** Connects and logs in within `limitMs`, or rejects. */
export async function connect(url: string, limitMs: number): Promise<Session> {
  // Our own socket: a polite end would wait for an answer from a server that may be frozen.
  const socket = new Socket();
  const client = new pg.Client({ connectionString: url, stream: () => socket, application_name: "failover bench" });
  client.on("error", () => {});
  const drop = (): void => void socket.destroy();
  const within = async <T>(work: Promise<T>, ms: number): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    // Whichever loses the race is heard by nobody.
    work.catch(() => {});
    try {
      return await Promise.race([
        work,
        new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
        }),
      ]);
    } catch (error) {
      drop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
  await within(client.connect(), limitMs);
  return {
    query: async (text, values, queryLimitMs) =>
      (await within(client.query<Record<string, unknown>>(text, [...values]), queryLimitMs)).rows,
    drop,
  };
}

/** For checks past the fronts: connects, asks once, goes. */
export async function askOnce(url: string, text: string, limitMs = 5_000): Promise<readonly Record<string, unknown>[]> {
  const session = await connect(url, limitMs);
  try {
    return await session.query(text, [], limitMs);
  } finally {
    session.drop();
  }
}
