// What a group's controller says: to the log, to the timeline, and where a person should know of it, to the notifier.
// I12: every change of state is said once, with its sentence; a complaint is not made again for a while, however often it holds.

import type { AuditEvent } from "../core/audit/entry.ts";
import type { GroupName } from "../core/model/system.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Notice } from "../ports/notifier.ts";
import type { Timeline } from "./timeline.ts";

export type TellingPorts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly notify: (notice: Omit<Notice, "system" | "atMs">) => void;
};

/** The same complaint is not made again for so long; so many are remembered. */
const complainAgainMs = 600_000;
const complaintsMax = 64;

type Said = Omit<AuditEvent, "atMs" | "kind" | "group" | "quiet">;

export class Telling {
  readonly #ports: TellingPorts;
  readonly #group: GroupName;
  readonly #timeline: Timeline;
  readonly #complaints = new Map<string, number>();

  constructor(ports: TellingPorts, group: GroupName, timeline: Timeline) {
    this.#ports = ports;
    this.#group = group;
    this.#timeline = timeline;
  }

  say(kind: AuditEvent["kind"], event: Said): void {
    this.#ports.log.write("info", kind, event.sentence, { group: this.#group, name: event.name });
    this.#timeline.add({ kind, ...event });
  }

  /** For the audit trail alone: bookkeeping that nobody has to read as it happens. */
  note(kind: AuditEvent["kind"], event: Said): void {
    this.#timeline.note({ kind, ...event });
  }

  /** The trail's head goes along: kept where the notices arrive, it shows later that nothing was cut off. */
  notify(notice: Omit<Notice, "system" | "atMs" | "group" | "trail">): void {
    const trail = this.#timeline.head;
    this.#ports.notify({ group: this.#group, ...notice, ...(trail === undefined ? {} : { trail }) });
  }

  /** Trouble that a person should know of. */
  complain(sentence: string): void {
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs - (this.#complaints.get(sentence) ?? Number.NEGATIVE_INFINITY) < complainAgainMs) return;
    this.#complaints.set(sentence, nowMs);
    for (const oldest of this.#complaints.keys())
      if (this.#complaints.size > complaintsMax) this.#complaints.delete(oldest);
    this.say("seen", { name: "trouble", region: "", sentence });
    this.notify({ kind: "trouble", sentence });
  }
}
