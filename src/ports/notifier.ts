// Tells people. Bounded in time, never throws: a control plane must not stop because a chat system is down.

export type Notice = {
  readonly system: string;
  readonly group?: string;
  /** "decided" a switch or an ask; "done" a run ended; "trouble" something needs a person. */
  readonly kind: "asked" | "decided" | "done" | "trouble";
  /** What happened, in one sentence. */
  readonly sentence: string;
  /** The next command to type, if there is one. */
  readonly next?: string;
  /** The newest durable entry of the group's audit trail: kept, it shows later whether the trail's end was cut off. */
  readonly trail?: { readonly entries: number; readonly hash: string };
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number;
};

export interface Notifier {
  /** Resolves to the failures, as sentences; empty when everybody was told. */
  notify(notice: Notice): Promise<readonly string[]>;
}
