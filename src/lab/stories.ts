// The stories, as data. What a story is made of is in story.ts, what plays it in play.ts.

import { databaseStories } from "./stories/databases.ts";
import { linkStories } from "./stories/links.ts";
import { orderStories } from "./stories/orders.ts";
import { policyStories } from "./stories/policies.ts";
import { regionStories } from "./stories/regions.ts";
import type { Story, StoryGroup } from "./story.ts";

export const stories: readonly Story[] = [
  ...regionStories,
  ...databaseStories,
  ...linkStories,
  ...orderStories,
  ...policyStories,
];

/** Stories in two parts: the same fault in both of its kinds. */
export const storyGroups: readonly StoryGroup[] = [
  {
    name: "database-loss",
    what: "the primary's database is killed: once, and for good",
    parts: ["database-restart", "database-crash-loop"],
  },
  {
    name: "one-way-cut",
    what: "the primary region hears nobody; then nobody hears it",
    parts: ["one-way-cut-deaf", "one-way-cut-mute"],
  },
];

/** Played by crashes.ts: the controller dies at every durable boundary of the two plans. */
export const crashStory = {
  name: "controller-crash",
  what: "the controller is killed between intent, effect and outcome of each step of a switchover and of a failover, and started again",
  expects: "the intended or the prior state each time; no effect performed twice, counted by the agents",
} as const;

export const storyNames: readonly string[] = [
  ...stories.map((story) => story.name),
  ...storyGroups.map((group) => group.name),
  crashStory.name,
];

/** The stories behind a name, in the order in which they are played; none for the one that is played by itself. */
export function storiesOf(name: string): readonly Story[] {
  const parts = storyGroups.find((group) => group.name === name)?.parts ?? [name];
  return stories.filter((story) => parts.includes(story.name));
}
