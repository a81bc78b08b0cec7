// The audit trail of one group: what was seen, decided and done, in order, in the store's journal and, the newest part, in memory.
//
// I12. Entries are only ever appended, each chained to the one before by its hash (core/audit). They are chained when they are written,
// for only then is the one before known: another controller may have written meanwhile. A number that is taken is looked at: either our
// own entry stands there, whose answer was lost, or another's, after which ours goes.
// While the store is away entries wait here in order. When too many wait, the newest are counted instead, and the count is an entry.

import type { AuditEntry, AuditEvent, Tail } from "../core/audit/entry.ts";
import { chained, firstEvent, isEntry, printable } from "../core/audit/entry.ts";
import { breakIn, type TrailRow } from "../core/audit/verify.ts";
import type { GroupName } from "../core/model/system.ts";
import type { Clock } from "../ports/clock.ts";
import type { JournalRow, Store } from "../ports/store.ts";

/** Newest entries in memory; older ones stay in the store. */
const memoryMax = 3_000;
/** Entries that wait for the store. While it is away the oldest waiting ones stay, for they explain what began it. */
const waitingMax = 1_000;
/** Rows in one read of an older part, and such parts for one question. */
const pageMax = 500;
const pagesMax = 200;
/** Numbers that others have taken, tried in one go; the next call goes on from there. */
const conflictsMax = 50;

export type TrailHeadNow = { readonly entries: number; readonly hash: string };
type Unstamped = Omit<AuditEvent, "atMs" | "group">;

export class Timeline {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #group: GroupName;
  readonly #system: string;
  readonly #run: string;
  readonly #events: AuditEvent[] = [];
  readonly #waiting: AuditEvent[] = [];
  /** What the store is known to end with; nothing before it has been read. */
  #tail: Tail | undefined;
  #loading: Promise<boolean> | undefined;
  #lost = { entries: 0, fromMs: 0, toMs: 0 };
  #writing = false;
  #trouble: string | undefined;

  constructor(store: Store, clock: Clock, group: GroupName, system: string) {
    this.#store = store;
    this.#clock = clock;
    this.#group = group;
    this.#system = system;
    this.#run = `timeline/${group}`;
  }

  /** The last entry that is durable; nothing while there is none, or the store has not been read. */
  get head(): TrailHeadNow | undefined {
    return this.#tail === undefined || this.#tail.hash === ""
      ? undefined
      : { entries: this.#tail.seq, hash: this.#tail.hash };
  }

  /** What was wrong with the trail when it was read, as a sentence. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** False while the store does not give it back. One that never will is left as it is, and appended to where it ends. */
  load(): Promise<boolean> {
    if (this.#tail !== undefined) return Promise.resolve(true);
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #read(): Promise<boolean> {
    const journal = await this.#store.journal(this.#run, { newest: memoryMax });
    if (journal.kind === "failed") {
      if (journal.retry !== "never") return false;
      this.#trouble = `the audit trail of ${this.#group} cannot be read (${journal.why}): \`leeward audit verify\` names the entry`;
      this.#tail = { seq: 0, hash: "" };
      return true;
    }
    const rows = journal.rows;
    const last = rows.at(-1);
    const unchained = rows.length > 0 && !rows.some((row) => isEntry(row.entry));
    let earlier: readonly string[] = [];
    if (unchained) {
      const all = await this.#store.journal(this.#run);
      if (all.kind === "failed") return false;
      earlier = all.rows.map((row) => JSON.stringify(row.entry));
    }
    const begins = rows.findIndex((row) => isEntry(row.entry));
    const broken = begins === -1 ? undefined : breakIn(this.#group, rows.slice(begins).map(rowOf));
    if (broken !== undefined)
      this.#trouble = `the audit trail of ${this.#group} is not as it was written: entry ${broken.seq}, ${broken.why}; \`leeward audit verify\` says more`;
    const first = last === undefined || unchained;
    this.#tail = first ? { seq: last?.seq ?? 0, hash: "" } : tailAt(last);
    const past = rows.slice(-memoryMax).flatMap((row) => eventIn(row.entry));
    this.#events.unshift(...past);
    if (first) {
      // What waits already happened before the store was read.
      const atMs = Math.min(this.#clock.wallMs(), this.#waiting[0]?.atMs ?? Number.POSITIVE_INFINITY);
      const event = firstEvent(this.#system, this.#group, atMs, earlier);
      this.#waiting.unshift(event);
      this.#events.splice(past.length, 0, event);
    }
    return true;
  }

  /** Said to people as well: it stands in reports. */
  add(event: Omit<Unstamped, "quiet">): void {
    this.#add(event);
  }

  /** For the trail only. */
  note(event: Omit<Unstamped, "quiet">): void {
    this.#add({ ...event, quiet: true });
  }

  #add(event: Unstamped): void {
    const stamped = printable({ ...event, group: this.#group, atMs: this.#clock.wallMs() });
    this.#remember(stamped);
    if (this.#waiting.length < waitingMax && this.#lost.entries === 0) this.#waiting.push(stamped);
    else {
      const fromMs = this.#lost.entries === 0 ? stamped.atMs : this.#lost.fromMs;
      this.#lost = { entries: this.#lost.entries + 1, fromMs, toMs: stamped.atMs };
    }
    void this.flush();
  }

  #remember(event: AuditEvent): void {
    this.#events.push(event);
    if (this.#events.length > memoryMax) this.#events.shift();
  }

  /** What reports show. */
  since(sinceMs: number): readonly AuditEvent[] {
    return this.#events.filter((event) => event.atMs >= sinceMs && event.quiet !== true);
  }

  /** Everything that is in memory. */
  newest(): readonly AuditEvent[] {
    return this.#events;
  }

  /**
   * Rows as the store has them, at most `max`, after number `afterSeq`. In parts, because a long read would keep the leases waiting
   * that go through the same store.
   */
  async rows(afterSeq: number, max: number): Promise<readonly JournalRow[] | undefined> {
    const newest = Math.min(max, pageMax);
    const journal = await this.#store.journal(this.#run, { newest, before: afterSeq + newest + 1 });
    return journal.kind === "failed" ? undefined : journal.rows.filter((row) => row.seq > afterSeq).slice(0, newest);
  }

  /** What stands in the store before the oldest in memory, newest part first, until nobody asks any more or it fails. */
  async *older(): AsyncGenerator<readonly AuditEvent[] | undefined> {
    const oldest = this.#events.find((event) => "seq" in event) as AuditEntry | undefined;
    let before = oldest?.seq ?? this.#tail?.seq ?? 1;
    for (let page = 0; page < pagesMax && before > 1; page += 1) {
      const rows = await this.rows(Math.max(0, before - 1 - pageMax), Math.min(pageMax, before - 1));
      yield rows?.flatMap((row) => eventIn(row.entry));
      if (rows === undefined) return;
      before -= pageMax;
    }
  }

  /** Writes what waits; gives up at the first failure, until called again. */
  async flush(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    try {
      if (await this.load()) await this.#write();
    } finally {
      this.#writing = false;
    }
  }

  async #write(): Promise<void> {
    let conflicts = 0;
    for (let event = this.#next(); event !== undefined && conflicts < conflictsMax; event = this.#next()) {
      const tail = this.#tail;
      if (tail === undefined) return;
      const entry = chained(event, tail);
      const written = await this.#store.append({ run: this.#run, seq: entry.seq, entry });
      if (written.kind === "failed") return;
      if (written.kind === "done") {
        this.#tail = entry;
        this.#waiting.shift();
        continue;
      }
      conflicts += 1;
      if (!(await this.#lookAt(entry))) return;
    }
  }

  /** Somebody's entry has this number: our own earlier try, whose answer was lost, or another controller's. */
  async #lookAt(ours: AuditEntry): Promise<boolean> {
    const journal = await this.#store.journal(this.#run, { newest: memoryMax });
    if (journal.kind === "failed") {
      if (journal.retry !== "never") return false;
      // Nobody can say where it ends: the next number is tried.
      this.#tail = { seq: ours.seq, hash: "" };
      return true;
    }
    const there = journal.rows.find((row) => row.seq === ours.seq)?.entry;
    const isOurs = isEntry(there) && there.hash === ours.hash;
    // Two controllers on an empty store: one of them begins the trail.
    const isBegun = ours.fact?.what === "trail" && journal.rows.some((row) => isEntry(row.entry));
    if (isOurs || isBegun) this.#waiting.shift();
    const last = journal.rows.at(-1);
    if (last !== undefined) this.#tail = tailAt(last);
    return true;
  }

  /** The oldest that waits. What could not wait is said in its place, between what did and what comes now. */
  #next(): AuditEvent | undefined {
    const { entries, fromMs, toMs } = this.#lost;
    if (entries > 0 && this.#waiting.length < waitingMax) {
      this.#lost = { entries: 0, fromMs: 0, toMs: 0 };
      const gap: AuditEvent = {
        atMs: this.#clock.wallMs(),
        kind: "seen",
        group: this.#group,
        region: "",
        name: "gap",
        sentence: `${entries} ${entries === 1 ? "entry is" : "entries are"} missing here: the store was away, and no more could wait for it`,
        fact: { what: "gap", entries, fromMs, toMs },
      };
      this.#waiting.push(gap);
      this.#remember(gap);
    }
    return this.#waiting[0];
  }
}

function rowOf({ seq, entry }: JournalRow): TrailRow {
  const group = isEntry(entry) ? entry.group : "";
  return { group, seq, text: JSON.stringify(entry) };
}

/** Where a chain goes on after this row, even when somebody has put something else there. */
function tailAt({ seq, entry }: JournalRow): Tail {
  return { seq, hash: isEntry(entry) ? entry.hash : "" };
}

/** Rows of an older version have no number and no hash of their own, and are events all the same. */
function eventIn(entry: unknown): readonly AuditEvent[] {
  if (typeof entry !== "object" || entry === null || !("atMs" in entry) || !("sentence" in entry)) return [];
  return [entry as AuditEvent];
}
