// The stories, as data: what happens to the system, what is expected of it, and what undoes it. One interpreter plays them (play.ts).
// Roles instead of names: "primary" is wherever the group's primary is when the story begins, "target" its first standby.

export type Role = "primary" | "target" | "controller";

export type StoryStep =
  | { readonly do: "kill"; readonly who: Role }
  | { readonly do: "freeze"; readonly who: Role }
  | { readonly do: "thaw"; readonly who: Role }
  /** Both ways. */
  | { readonly do: "cut"; readonly between: readonly [Role, Role] }
  /** From every other region, not from the users. */
  | { readonly do: "isolate"; readonly who: Role }
  | { readonly do: "heal" }
  | { readonly do: "stall-store"; readonly ms: number }
  | { readonly do: "ask-switchover"; readonly to: Role }
  /** Until users are acknowledged under a new primary. */
  | { readonly do: "await-successor"; readonly withinMs: number }
  /** Users go on writing. */
  | { readonly do: "go-on"; readonly ms: number }
  /** The killed region's links, agent and router come back. */
  | { readonly do: "bring-back"; readonly who: Role };

export type Story = {
  readonly name: string;
  readonly what: string;
  /** "moves": the primary is elsewhere afterwards. "stays": it must not be. */
  readonly expected: "moves" | "stays";
  readonly steps: readonly StoryStep[];
  /** What must be done before the system can become whole again; needed between rounds too. */
  readonly after: readonly StoryStep[];
};

const successorWithinMs = 60_000;
/** For late acknowledgements, late wakers and late orders to show themselves. */
const settleMs = 3_000;

export const stories: readonly Story[] = [
  {
    name: "region-loss",
    what: "everything in the primary region is killed, and its links fall silent",
    expected: "moves",
    steps: [
      { do: "kill", who: "primary" },
      { do: "await-successor", withinMs: successorWithinMs },
      { do: "go-on", ms: settleMs },
    ],
    after: [{ do: "bring-back", who: "primary" }],
  },
  {
    name: "region-freeze",
    what: "everything in the primary region stands still, and wakes 5 s after its successor serves",
    expected: "moves",
    steps: [
      { do: "freeze", who: "primary" },
      { do: "await-successor", withinMs: successorWithinMs },
      { do: "go-on", ms: 5_000 },
      { do: "thaw", who: "primary" },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
  },
  {
    name: "region-cut",
    what: "the primary region is cut from every other region, but not from itself and its users",
    expected: "moves",
    steps: [
      { do: "isolate", who: "primary" },
      { do: "await-successor", withinMs: successorWithinMs },
      { do: "go-on", ms: settleMs },
    ],
    after: [{ do: "heal" }],
  },
  {
    name: "store-cut",
    what: "the primary region cannot reach the controller, but reaches its standby",
    expected: "stays",
    steps: [
      { do: "cut", between: ["primary", "controller"] },
      { do: "go-on", ms: 45_000 },
      { do: "heal" },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
  },
  {
    name: "store-stall",
    what: "the controller's store hangs for 45 s",
    expected: "stays",
    steps: [
      { do: "stall-store", ms: 45_000 },
      { do: "go-on", ms: 45_000 + settleMs },
    ],
    after: [],
  },
  {
    name: "link-cut",
    what: "only the link between the primary region and its standby is cut",
    expected: "stays",
    steps: [
      { do: "cut", between: ["primary", "target"] },
      { do: "go-on", ms: 15_000 },
      { do: "heal" },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
  },
  {
    name: "switchover",
    what: "somebody asks for the switch; nothing is broken",
    expected: "moves",
    steps: [
      { do: "ask-switchover", to: "target" },
      { do: "await-successor", withinMs: successorWithinMs },
      { do: "go-on", ms: settleMs },
    ],
    after: [],
  },
];

/** Played by crashes.ts: the controller dies at every durable boundary of the two plans. */
export const crashStory = {
  name: "controller-crash",
  what: "the controller is killed between intent, effect and outcome of each step of a switchover and of a failover, and started again",
} as const;

export const storyNames: readonly string[] = [...stories.map((story) => story.name), crashStory.name];
