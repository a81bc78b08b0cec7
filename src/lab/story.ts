// What a story is made of, as data: what happens to the system, what must be seen of it, and what undoes it. One interpreter plays the
// steps (play.ts); the checks are rows of checks.ts. Roles instead of names: "primary" is wherever the group's primary is when the story
// begins, "target" its first standby, "controller" the place where the controller lives.

import type { Check } from "./checks.ts";

export type Role = "primary" | "target" | "controller";

export type StoryStep =
  // ---- regions
  | { readonly do: "kill"; readonly who: Role }
  | { readonly do: "freeze"; readonly who: Role }
  /** Only its agent; router, database and services go on. */
  | { readonly do: "freeze-agent"; readonly who: Role }
  | { readonly do: "thaw"; readonly who: Role }
  /** The killed region's links, agent and router come back; with the controller's place the controller too. */
  | { readonly do: "bring-back"; readonly who: Role }
  // ---- links
  /** Both ways. */
  | { readonly do: "cut"; readonly between: readonly [Role, Role] }
  /** From every other region, not from the users. */
  | { readonly do: "isolate"; readonly who: Role }
  /** One way: "deaf" hears nobody, "mute" is heard by nobody, users included. */
  | { readonly do: "one-way"; readonly who: Role; readonly is: "deaf" | "mute" }
  /** Unreachable for everybody, for `downMs` out of every `everyMs`. */
  | { readonly do: "flap"; readonly who: Role; readonly downMs: number; readonly everyMs: number; readonly ms: number }
  /** On every link. */
  | { readonly do: "lose-packets"; readonly share: number }
  | { readonly do: "heal" }
  // ---- services and their answers
  | { readonly do: "fail-answers"; readonly who: Role; readonly share: number }
  | { readonly do: "late-answers"; readonly who: Role; readonly ms: number }
  // ---- databases
  /** "all": the server with every session. "server": only the process that starts the others. */
  | { readonly do: "kill-database"; readonly who: Role; readonly what: "all" | "server" }
  /** Whatever starts there is killed at once, until the lab heals. */
  | { readonly do: "crash-loop"; readonly who: Role }
  /** The standby's receiving process stands still, and the connection stays open. */
  | { readonly do: "stop-receiver"; readonly who: Role }
  | { readonly do: "wake-receiver"; readonly who: Role }
  | { readonly do: "promote-by-hand"; readonly who: Role }
  // ---- the controller and its people
  | { readonly do: "stall-store"; readonly ms: number }
  | { readonly do: "ask-switchover"; readonly to: Role }
  /** A failover and a switchover to the same region, at the same instant. */
  | { readonly do: "ask-both"; readonly to: Role }
  /** Says yes if it is asked now. */
  | { readonly do: "say-yes" }
  /** Takes a standby out, or lets it back in. */
  | { readonly do: "maintain"; readonly who: Role; readonly out: boolean }
  // ---- waiting; what is not seen in time is told by the checks
  | { readonly do: "await-seen"; readonly names: readonly string[]; readonly who: Role; readonly withinMs: number }
  | { readonly do: "await-asked"; readonly withinMs: number }
  /** Until a decision says so. */
  | { readonly do: "await-told"; readonly words: RegExp; readonly withinMs: number }
  /** Until users are acknowledged under a new primary. */
  | { readonly do: "await-successor"; readonly withinMs: number }
  /** Until the group has a new epoch, whoever is primary under it. */
  | { readonly do: "await-epoch"; readonly withinMs: number }
  /** Users go on writing. `long`: `--minutes` makes it so long. */
  | { readonly do: "go-on"; readonly ms: number; readonly long?: boolean };

export type Story = {
  readonly name: string;
  readonly what: string;
  /** What must be seen, in words. */
  readonly expects: string;
  /** "moves": the primary is elsewhere afterwards. "stays": it must not be. "either": as policy and speed have it. */
  readonly expected: "moves" | "stays" | "either";
  readonly steps: readonly StoryStep[];
  /** What must be done before the system can become whole again; needed between rounds too. */
  readonly after: readonly StoryStep[];
  /** Besides those that every story has to pass. */
  readonly checks: readonly Check[];
  /** Where commits wait for the standby the story is another one. */
  readonly sync?: Partial<Pick<Story, "what" | "expects" | "expected" | "steps" | "after" | "checks">>;
  /** Where there is another standby beside the target, and commits do not wait, the story is another one. */
  readonly others?: Partial<Pick<Story, "expects" | "steps" | "checks">>;
  /** Users give each request so long instead of 300 ms. */
  readonly patienceMs?: number;
  /** What the lab's copy of the manifest says under `policy` of the group the story is about. */
  readonly policy?: Readonly<Record<string, string>>;
  /** The only mode in which there is anything to see. */
  readonly mode?: "sync" | "async";
};

/** One name for several stories that are played one after the other, as one. */
export type StoryGroup = {
  readonly name: string;
  readonly what: string;
  readonly parts: readonly string[];
};

/** The story as it is in this mode, with so many standbys. */
export function storyIn(mode: "sync" | "async", standbys: number, story: Story): Story {
  if (mode === "sync") return story.sync === undefined ? story : { ...story, ...story.sync };
  return standbys > 1 && story.others !== undefined ? { ...story, ...story.others } : story;
}

/** The story with everything that may be long as long as asked for. */
export function lasting(story: Story, minutes: number | undefined): Story {
  if (minutes === undefined) return story;
  const ms = minutes * 60_000;
  const stretched = (step: StoryStep): StoryStep =>
    step.do === "flap" || (step.do === "go-on" && step.long === true) ? { ...step, ms } : step;
  return { ...story, steps: story.steps.map(stretched) };
}

export function mayLast(story: Story): boolean {
  return story.steps.some((step) => step.do === "flap" || (step.do === "go-on" && step.long === true));
}
