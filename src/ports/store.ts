// What controllers need of a store: small records changed by compare-and-swap, and an append-only journal.
// Only controllers touch it. Every call has a deadline set by the driver's configuration; one that ran out has the outcome
// "unknown": it may or may not have happened, and the caller reads again before it builds on either.

export type StoreFailure = {
  readonly kind: "failed";
  readonly retry: "now" | "later" | "never" | "unknown";
  /** A sentence for an operator. */
  readonly why: string;
};

export type Versioned<T> = {
  readonly value: T;
  /** Grows with every change of this key. 0 = the key does not exist. */
  readonly version: number;
};

/** What a journal entry holds is the business of its writer; the store numbers it and keeps it. */
export type JournalRow = {
  readonly run: string;
  /** Numbered per run from 1 without gaps. */
  readonly seq: number;
  readonly entry: unknown;
};

/** The newest so many; with `before`, of those whose number is lower than that. A long journal is read part by part. */
export type JournalPart = { readonly newest: number; readonly before?: number };

export interface Store {
  get(key: string): Promise<{ readonly kind: "value"; readonly at: Versioned<unknown> | undefined } | StoreFailure>;
  list(
    prefix: string,
  ): Promise<
    { readonly kind: "values"; readonly at: readonly (Versioned<unknown> & { readonly key: string })[] } | StoreFailure
  >;
  /**
   * All writes happen, or none: each only if its key is still at `expect` (0 = must not exist), and every key of `checks` too.
   * Durable when it returns "done"; each written key is then at `expect + 1`. "conflict" names the first key that had moved on.
   */
  swap(
    writes: readonly { readonly key: string; readonly expect: number; readonly value: unknown }[],
    checks?: readonly { readonly key: string; readonly expect: number }[],
  ): Promise<{ readonly kind: "done" } | { readonly kind: "conflict"; readonly key: string } | StoreFailure>;
  /** Appends one entry to a run's journal as its number `seq`; durable on return. "conflict" when that number exists. */
  append(row: JournalRow): Promise<{ readonly kind: "done" } | { readonly kind: "conflict" } | StoreFailure>;
  /** All entries, or a part of them; oldest first. A store may give back more than it was asked for. */
  journal(
    run: string,
    part?: JournalPart,
  ): Promise<{ readonly kind: "rows"; readonly rows: readonly JournalRow[] } | StoreFailure>;
  close(): Promise<void>;
}
