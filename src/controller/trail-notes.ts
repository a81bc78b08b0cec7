// What one group's controller writes into the audit trail besides its decisions: that it starts, epochs, receipts of fences, orders with
// their answers, diagnoses that begin and end. And the answer to "why", which is read back from there.

import { type Why, whyOf } from "../core/audit/why.ts";
import type { GroupRecord } from "../core/lease/record.ts";
import type { RegionName } from "../core/model/system.ts";
import type { Diagnosis } from "../core/watch/diagnosis.ts";
import type { Clock } from "../ports/clock.ts";
import type { CommandAnswer, PersonCommand, WhyQuestion } from "../wire/people.ts";
import { orderWord, orderWords, seenFact } from "./audit-facts.ts";
import type { Telling } from "./telling.ts";
import type { Timeline } from "./timeline.ts";

export class TrailNotes {
  readonly #clock: Clock;
  readonly #telling: Telling;
  readonly #timeline: Timeline;
  /** The newest that are in the trail. */
  #epoch = 0;
  #fence = 0;
  /** Before the trail has been read it is not known what is in it. */
  #isRead = false;

  constructor(clock: Clock, telling: Telling, timeline: Timeline) {
    this.#clock = clock;
    this.#telling = telling;
    this.#timeline = timeline;
  }

  /** Reads the trail so far, once, and notes that this process goes on with it; false while the store is away. */
  async begin(region: RegionName, fingerprint: string, record: () => GroupRecord | undefined): Promise<boolean> {
    if (this.#isRead) return true;
    if (!(await this.#timeline.load())) return false;
    this.#isRead = true;
    this.#telling.note("done", {
      name: "start",
      region,
      sentence: `the controller in ${region} starts, with the manifest ${fingerprint}`,
      fact: { what: "start", controller: region, manifest: fingerprint },
    });
    if (this.#timeline.trouble !== undefined) this.#telling.complain(this.#timeline.trouble);
    const known = record();
    if (known !== undefined) this.epoch(known);
    return true;
  }

  epoch({ epoch, primary, promotable }: GroupRecord): void {
    if (!this.#isRead || epoch <= this.#epoch) return;
    this.#epoch = epoch;
    const others = promotable.filter((region) => region !== primary);
    this.#telling.note("done", {
      name: "epoch",
      region: primary,
      sentence: `epoch ${epoch}: ${primary} is primary; ${others.length === 0 ? "nobody else may take over" : `${others.join(" and ")} may take over`}`,
      fact: { what: "epoch", epoch, primary, promotable },
    });
  }

  fence(region: RegionName, epoch: number): void {
    if (epoch <= this.#fence) return;
    this.#fence = epoch;
    this.#telling.note("done", {
      name: "fence",
      region,
      sentence: `${region} has given its receipt: nothing is acknowledged there under epoch ${epoch} any more`,
      fact: { what: "fence", epoch },
    });
  }

  order(command: PersonCommand, answer: CommandAnswer): void {
    const order = orderWord(command);
    this.#telling.note("decided", {
      name: "order",
      region: order.to ?? order.region ?? "",
      ...(answer.run === undefined ? {} : { run: answer.run }),
      sentence: `${command.by} ${orderWords(order)}: ${answer.accepted ? "accepted" : "refused"}; ${answer.sentence}`,
      fact: {
        what: "order",
        order,
        by: command.by,
        accepted: answer.accepted,
        answer: answer.sentence,
        ...(answer.run === undefined ? {} : { run: answer.run }),
      },
    });
  }

  seen(diagnosis: Diagnosis, over: boolean): void {
    const sentence = over ? `over: ${diagnosis.sentence}` : diagnosis.sentence;
    const service = diagnosis.service === undefined ? {} : { service: diagnosis.service };
    const fact = { what: "diagnosis" as const, over, ...seenFact(diagnosis, this.toWall()) };
    this.#telling.say("seen", { name: diagnosis.name, region: diagnosis.region, ...service, sentence, fact });
  }

  toWall(): (nowMs: number) => number {
    const aheadMs = this.#clock.wallMs() - this.#clock.nowMs();
    return (nowMs) => nowMs + aheadMs;
  }

  /** As far back as the question goes. */
  async why(
    group: string,
    { atMs, last }: { readonly [K in "atMs" | "last"]: WhyQuestion[K] | undefined },
  ): Promise<Why> {
    const query = { ...(atMs === undefined ? {} : { atMs }), ...(last === undefined ? {} : { last }) };
    const { head } = this.#timeline;
    const trail = head === undefined ? {} : { trail: { ...head } };
    let events = this.#timeline.newest();
    let why = whyOf(group, events, query);
    if (why.decision !== undefined) return { ...why, ...trail };
    for await (const older of this.#timeline.older()) {
      if (older === undefined) {
        const sentence = `${why.sentence}; older entries are in the store, which does not answer now`;
        return { ...why, ...trail, sentence };
      }
      events = [...older, ...events];
      why = whyOf(group, events, query);
      if (why.decision !== undefined) break;
    }
    return { ...why, ...trail };
  }
}
