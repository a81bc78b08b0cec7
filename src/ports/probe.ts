// One look at one target, from here. A failure is an answer, not an exception; and a look that could not be made here is neither: it is
// left out, which says nothing about the target.

import type {
  CommandExpectation,
  DnsQuestion,
  HttpExpectation,
  SqlExpectation,
  TcpExpectation,
} from "../core/model/health-probe.ts";

export type ProbeTarget = (
  | ({ readonly kind: "http"; readonly url: string } & HttpExpectation)
  | ({ readonly kind: "tcp"; readonly address: string } & TcpExpectation)
  /** Leeward's own answer of a region: is anybody there at all. */
  | { readonly kind: "agent"; readonly url: string }
  /** `password`: a reference as it stands in the manifest. */
  | ({ readonly kind: "sql"; readonly url: string; readonly password?: string } & SqlExpectation)
  /** `server`: `host:port`. */
  | ({ readonly kind: "dns"; readonly server: string } & DnsQuestion)
  /** `env`: what the command is told besides `PATH`. */
  | ({ readonly kind: "command"; readonly env: Readonly<Record<string, string>> } & CommandExpectation)
) & {
  /** An answer that takes longer is a failure. */
  readonly latencyMaxMs?: number;
};

export type ProbeResult = {
  readonly ok: boolean;
  /** Until it was clear how the target is; of a failure, until that was clear. */
  readonly roundTripMs: number;
  /** A sentence; there whenever `ok` is false. */
  readonly why?: string;
  /** Of a failure: it answered all the same, that it is too busy. So it is there, and not dead. */
  readonly busy?: true;
  /** A sentence on a target that is well, for people: its certificate runs out soon. */
  readonly warning?: string;
  /** Of a failure: no answer so far, and the look goes on. What comes until its end, if that is well; never rejects. */
  readonly late?: Promise<LateAnswer | undefined>;
};

/** An answer that came after its time was up, and that is well otherwise. */
export type LateAnswer = { readonly roundTripMs: number };

/** No look was made, or none that says anything: this prober had too much to do, or stood still itself. */
export type ProbeSkipped = { readonly skipped: true; readonly why: string };

export interface Prober {
  /**
   * Never rejects. Ends by the timeout, or by twice the timeout where the prober itself was held up. Without an answer by then it may go
   * on listening in the background until `lateMs` after its beginning, if that is given: dead is told from slow by it.
   */
  probe(target: ProbeTarget, timeoutMs: number, lateMs?: number): Promise<ProbeResult | ProbeSkipped>;
  /** One sentence while looks have to be left out; undefined when all are made. */
  trouble?(): string | undefined;
}
