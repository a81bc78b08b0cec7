// What the controller said while a story was played, noted by asking it again and again: its own timeline forgets in an hour what a
// story must still know at its end, and it does not carry how a decision changed its words. Each thing is noted once, with its newest
// sentence and its clearest evidence.

import { setTimeout as sleep } from "node:timers/promises";
import type { GroupStatus, TimelineEvent } from "../wire/people.ts";
import type { Control } from "./control.ts";

type Evidence = { readonly statistic: number; readonly threshold: number; readonly vantages: readonly string[] };

export type NotedDiagnosis = {
  readonly name: string;
  readonly region: string;
  readonly service?: string;
  readonly sentence: string;
  readonly evidence?: Evidence;
};

export type Noted = {
  readonly diagnoses: readonly NotedDiagnosis[];
  readonly decisions: readonly { readonly kind: string; readonly reason: string }[];
  /** Regions that traffic was led to. */
  readonly traffic: readonly string[];
  /** Epochs of the record. */
  readonly epochs: readonly number[];
  /** The most that a failover could have lost at any moment, as it was shown; 0 where nothing was. */
  readonly lossBoundMs: number;
};

export type Notes = {
  /** What is noted so far. */
  noted(): Noted;
  /** The group's newest status; undefined before the first, and while the controller is silent. */
  newest(): GroupStatus | undefined;
  stop(): Promise<void>;
};

const everyMs = 150;
/** Sentences carry numbers that grow; as many different ones are kept. */
const decisionsMax = 400;

export function takeNotes(control: Control, group: string): Notes {
  const diagnoses = new Map<string, NotedDiagnosis>();
  const decisions = new Map<string, { readonly kind: string; readonly reason: string }>();
  const traffic = new Set<string>();
  const epochs = new Set<number>();
  let lossBoundMs = 0;
  const stop = new AbortController();
  let newest: GroupStatus | undefined;

  const note = (status: GroupStatus): void => {
    for (const diagnosis of status.diagnoses) {
      const { name, region, service, sentence, evidence } = diagnosis;
      const key = `${name} ${region} ${service ?? ""}`;
      const best = clearer(diagnoses.get(key)?.evidence, evidence);
      diagnoses.set(key, {
        name,
        region,
        sentence,
        ...(service === undefined ? {} : { service }),
        ...(best === undefined ? {} : { evidence: best }),
      });
    }
    const { kind, reason } = status.decision;
    const key = `${kind} ${withoutNumbers(reason)}`;
    if (decisions.has(key) || decisions.size < decisionsMax) decisions.set(key, { kind, reason });
    if (status.traffic !== undefined) traffic.add(status.traffic.primary);
    epochs.add(status.epoch);
    lossBoundMs = Math.max(lossBoundMs, ...status.links.map((link) => link.lossBoundMs ?? 0));
  };

  const running = (async () => {
    while (!stop.signal.aborted) {
      newest = (await control.status())?.groups.find((one) => one.group === group);
      if (newest !== undefined) note(newest);
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();

  return {
    noted: () => ({
      diagnoses: [...diagnoses.values()],
      decisions: [...decisions.values()],
      traffic: [...traffic],
      epochs: [...epochs],
      lossBoundMs,
    }),
    newest: () => newest,
    async stop() {
      stop.abort();
      await running;
    },
  };
}

/** What came and went between two looks is in the timeline. */
export function withTimeline(noted: Noted, events: readonly TimelineEvent[]): Noted {
  const missed = events
    .filter((event) => event.kind === "seen" && !event.sentence.startsWith("over: "))
    .filter((event) => !noted.diagnoses.some((one) => one.name === event.name && one.region === event.region))
    .map(({ name, region, service, sentence }) => ({
      name,
      region,
      sentence,
      ...(service === undefined ? {} : { service }),
    }));
  const decided = events
    .filter((event) => event.kind === "decided")
    .map((event) => ({ kind: event.name, reason: event.sentence }));
  return { ...noted, diagnoses: [...noted.diagnoses, ...missed], decisions: [...noted.decisions, ...decided] };
}

/** A diagnosis outlives the moment at which it was clearest; that moment is what it rests on. */
function clearer(old: Evidence | undefined, now: Evidence | undefined): Evidence | undefined {
  if (old === undefined || now === undefined) return now ?? old;
  return now.vantages.length > 0 && now.statistic - now.threshold > old.statistic - old.threshold ? now : old;
}

function withoutNumbers(sentence: string): string {
  return sentence.replace(/[0-9][0-9.,]*/g, "#");
}
