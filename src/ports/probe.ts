// One look at one target, from here. A failure is an answer, not an exception.

export type ProbeTarget =
  | { readonly kind: "http"; readonly url: string }
  | { readonly kind: "tcp"; readonly address: string }
  /** Leeward's own answer of a region: is anybody there at all. */
  | { readonly kind: "agent"; readonly url: string }
  | { readonly kind: "sql"; readonly url: string; readonly password?: string };

export type ProbeResult = { readonly ok: boolean; readonly roundTripMs: number; readonly why?: string };

export interface Prober {
  probe(target: ProbeTarget, timeoutMs: number): Promise<ProbeResult>;
}
