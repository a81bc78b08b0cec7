// Cancellation that pure layers can hold and give: the slice of AbortSignal they use, and a small maker of their own, because the
// platform's own class does not exist where there is no platform. Every AbortSignal is a Signal.

export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A signal and the right to give it. Aborting twice keeps the first reason. */
export class Stop implements Signal {
  aborted = false;
  reason: unknown = undefined;
  readonly #listeners = new Map<() => void, boolean>();

  addEventListener(_type: "abort", listener: () => void, options?: { readonly once?: boolean }): void {
    this.#listeners.set(listener, options?.once === true);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const [listener, once] of [...this.#listeners]) {
      if (once) this.#listeners.delete(listener);
      listener();
    }
  }
}
