// What the store and its worker thread say to each other. Values travel as JSON text, so that neither side walks them twice.

import type { JournalPart, StoreFailure } from "../../ports/store.ts";

export type Expectation = { readonly key: string; readonly expect: number };

export type Job =
  | { readonly op: "get"; readonly key: string }
  | { readonly op: "list"; readonly prefix: string }
  | {
      readonly op: "swap";
      readonly writes: readonly (Expectation & { readonly text: string })[];
      readonly checks: readonly Expectation[];
    }
  | { readonly op: "append"; readonly run: string; readonly seq: number; readonly text: string }
  | { readonly op: "journal"; readonly run: string; readonly part?: JournalPart };

export type Reply =
  | {
      readonly kind: "records";
      readonly records: readonly { readonly key: string; readonly version: number; readonly text: string }[];
    }
  | { readonly kind: "entries"; readonly entries: readonly { readonly seq: number; readonly text: string }[] }
  | { readonly kind: "done" }
  | { readonly kind: "conflict"; readonly key: string }
  | StoreFailure;

/** `untilMs` is an instant of `process.hrtime`, which all threads of a process share. */
export type Request =
  | { readonly id: number; readonly untilMs: number; readonly job: Job }
  | { readonly id: number; readonly close: true };

export type Answer =
  | { readonly id: number; readonly reply: Reply }
  /** Sent once, first: how opening the file went. */
  | { readonly opened: { readonly kind: "opened" } | StoreFailure };

export type WorkerSettings = {
  readonly file: string;
  readonly openWithinMs: number;
  readonly pagesMax: number | undefined;
};
