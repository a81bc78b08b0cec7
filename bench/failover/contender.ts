// What the bench asks of a system that fails over, whoever made it: come up whole, say where to write, suffer, say who serves, go away.

/** Two serving regions on one machine, fresh for one round. Region names are the contender's own. */
export type Running = {
  /** Where a user's SQL client connects, in the order of preference; the first survives the loss of the primary region. */
  readonly fronts: readonly string[];
  readonly primary: string;
  /** Straight to each region's server, past every front: for making the table and for counting. */
  readonly databases: Readonly<Record<string, string>>;
  /** A sentence while a standby could not take over yet, undefined once it could. */
  notWhole(): Promise<string | undefined>;
  /** SIGKILL for everything in the primary region; who that is is found out first. */
  kill(): Promise<void>;
  /** SIGSTOP for everything in the primary region. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Asks for the planned switch; returns when it was taken, perhaps before it is done. */
  switchover(): Promise<void>;
  /** The region whose database takes writes now; undefined while nobody is sure. */
  serving(): Promise<string | undefined>;
  /** Ends every process of it. */
  down(): Promise<void>;
};

export type Contender = {
  readonly system: "Leeward" | "Patroni";
  /** Which settings; one system may come with several. */
  readonly profile: string;
  /** One line for the reader: versions and settings. */
  readonly what: string;
  up(say: (detail: string) => void): Promise<Running>;
};

/** Something the bench cannot do, in a sentence that says what to do about it. */
export class BenchFailure extends Error {
  override readonly name = "BenchFailure";
}

/** Asks `why` until it has no objection. Throws with the last one after the deadline. */
export async function until(
  what: string,
  deadlineMs: number,
  everyMs: number,
  why: () => Promise<string | undefined>,
): Promise<void> {
  const giveUpAt = performance.now() + deadlineMs;
  for (;;) {
    const reason = await why().catch((error: Error) => error.message);
    if (reason === undefined) return;
    if (performance.now() > giveUpAt)
      throw new BenchFailure(`${what}: not within ${Math.round(deadlineMs / 1_000)} s: ${reason}.`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
