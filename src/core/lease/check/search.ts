// Breadth-first search over every reachable state of a world: the first violation found is one with the fewest moves.

import { type MoveKind, STORE, type Violation, WORDS, type World } from "./world.ts";

export type Found = { readonly violation: Violation; readonly moves: readonly Move[] };
/** `prompt`: how many messages in a row arrive at the instant they are sent. */
export type Move = { readonly kind: MoveKind; readonly argument: number; readonly prompt: number };
export type SearchLimits = {
  readonly statesMax: number;
  /** Look for these only, through states with other violations if need be. All, unless given. */
  readonly wanted?: readonly Violation[];
};
export type SearchResult = {
  readonly states: number;
  readonly moves: number;
  readonly depth: number;
  /** Nothing is left to explore. False when `statesMax` was reached or a violation found. */
  readonly complete: boolean;
  readonly found?: Found;
  readonly reached: Reached;
};
/** In how many states something worth checking was going on: a check that never gets there proves nothing. */
export type Reached = {
  readonly writing: number;
  readonly writingByHolds: number;
  readonly laterEpochs: number;
  readonly writingInLaterEpochs: number;
};
export type Progress = { readonly states: number; readonly depth: number };

/** How many states between two reports of progress. */
const PROGRESS_EVERY = 200_000;

/** Longer than any chain of question and answer. */
const PROMPT_ALL = 9;

/** Every form of every move that some state allows, in the order in which they are tried. */
function movesOf(world: World): readonly Move[] {
  const all: Move[] = [];
  const add = (kind: MoveKind, argumentsMax: number, prompts: readonly Move["prompt"][]): void => {
    for (let argument = 0; argument < argumentsMax; argument += 1) {
      for (const prompt of prompts) all.push({ kind, argument, prompt });
    }
  };
  // Answers are slow or prompt; questions are slow, prompt with a slow answer, or prompt with a prompt answer.
  const chain = [0, 1, PROMPT_ALL] as const;
  const answer = [0, PROMPT_ALL] as const;
  const none = [0] as const;
  const { messagesMax } = world.options;
  add("time", 1, none);
  add("renew", 2, chain);
  add("tick", 2, chain);
  add("tick-deaf", 2, answer);
  add("prepare", 2, chain);
  add("advance", world.advanceChoices.length * 2, chain);
  if (world.options.startsAlone) add("admit", 2, chain);
  else if (world.options.alone) add("admit", 4, chain);
  add("deliver", messagesMax, answer);
  add("deliver-deaf", messagesMax, answer);
  add("repeat", messagesMax, answer);
  add("drop", messagesMax, none);
  if (!world.options.startsAlone) add("fence", 1, chain);
  add("tell", 1, chain);
  add("release", 1, chain);
  add("read", 1, none);
  add("restart", 3, none);
  add("restart-router", 2, none);
  return all;
}

/** Does one move; its result is in `world.next`. False if it is not possible or changes nothing. */
export function doMove(world: World, from: Int32Array, { kind, argument, prompt }: Move): boolean {
  switch (kind) {
    case "time":
      return world.timePasses(from);
    case "deliver":
      return world.deliver(from, argument, { keep: false, deaf: false, prompt });
    case "deliver-deaf":
      return world.deliver(from, argument, { keep: false, deaf: true, prompt });
    case "repeat":
      return world.deliver(from, argument, { keep: true, deaf: false, prompt });
    case "drop":
      return world.drop(from, argument);
    case "tick":
      return world.tick(from, argument, false, prompt);
    case "tick-deaf":
      return world.tick(from, argument, true, prompt);
    case "renew":
      return world.renew(from, argument, prompt);
    case "restart":
      return world.restart(from, argument);
    case "restart-router":
      return world.restartRouter(from, argument);
    case "prepare":
      return world.prepare(from, argument, prompt);
    case "release":
      return world.release(from, prompt);
    case "fence":
      return world.fence(from, prompt);
    case "advance":
      return world.advance(from, argument >> 1, (argument & 1) === 1, prompt);
    case "admit":
      return world.admit(from, argument >> 1, (argument & 1) === 1, prompt);
    case "tell":
      return world.tell(from, prompt);
    case "read":
      return world.read(from);
    default:
      return kind satisfies never;
  }
}

export function search(world: World, limits: SearchLimits, onProgress?: (progress: Progress) => void): SearchResult {
  const { wanted } = limits;
  const all = movesOf(world);
  // Where the forms of one move end that differ only in how prompt they are.
  const lastForm = all.map(({ kind, argument }) =>
    all.findLastIndex((other) => other.kind === kind && other.argument === argument),
  );
  const seen = new Visited(limits.statesMax);
  seen.add(world.initial(), -1, 0);
  const from = new Int32Array(WORDS);
  const reached = { writing: 0, writingByHolds: 0, laterEpochs: 0, writingInLaterEpochs: 0 };
  let moves = 0;
  let depth = 0;
  let depthEnd = 1;
  let found: Found | undefined;

  let current = 0;
  for (; current < seen.size && found === undefined && seen.size < limits.statesMax; current += 1) {
    if (current === depthEnd) {
      depth += 1;
      depthEnd = seen.size;
    }
    seen.read(current, from);
    count(world, from, reached);
    for (let index = 0; index < all.length; index += 1) {
      const at = index;
      const move = all[at] as Move;
      const changed = doMove(world, from, move);
      if (world.slowSends === 0) index = lastForm[index] as number;
      if (!changed) continue;
      moves += 1;
      const { violation } = world;
      if (violation !== undefined && (wanted === undefined || wanted.includes(violation))) {
        found = { violation, moves: [...seen.pathTo(current).map((past) => all[past] as Move), move] };
        break;
      }
      if (seen.add(world.next, current, at) && seen.size % PROGRESS_EVERY === 0)
        onProgress?.({ states: seen.size, depth });
    }
  }
  const complete = found === undefined && current === seen.size;
  return { states: seen.size, moves, depth, complete, reached, ...(found === undefined ? {} : { found }) };
}

function count(world: World, at: Int32Array, reached: { -readonly [K in keyof Reached]: number }): void {
  const { north, south, held } = world.writing(at);
  const writing = north | south;
  if (writing !== 0) reached.writing += 1;
  if (held) reached.writingByHolds += 1;
  if (world.stores.at(at[STORE] as number).record.epoch > 1) reached.laterEpochs += 1;
  if (writing > 3) reached.writingInLaterEpochs += 1;
}

/** The states found so far, in order, with the move that first led to each; open addressing over plain integers. */
class Visited {
  size = 0;
  private words: Int32Array;
  private parents: Int32Array;
  private moves: Int16Array;
  private slots: Int32Array;
  private readonly statesMax: number;

  constructor(statesMax: number) {
    this.statesMax = statesMax;
    const room = 1 << 14;
    this.words = new Int32Array(room * WORDS);
    this.parents = new Int32Array(room);
    this.moves = new Int16Array(room);
    this.slots = new Int32Array(room * 4).fill(-1);
  }

  add(state: Int32Array, parent: number, move: number): boolean {
    let slot = hashOf(state) & (this.slots.length - 1);
    for (;;) {
      const index = this.slots[slot] as number;
      if (index < 0) break;
      if (this.same(index, state)) return false;
      slot = (slot + 1) & (this.slots.length - 1);
    }
    if (this.size >= this.statesMax) return false;
    if (this.size === this.parents.length) {
      this.grow();
      return this.add(state, parent, move);
    }
    this.words.set(state, this.size * WORDS);
    this.parents[this.size] = parent;
    this.moves[this.size] = move;
    this.slots[slot] = this.size;
    this.size += 1;
    return true;
  }

  read(index: number, into: Int32Array): void {
    const at = index * WORDS;
    for (let word = 0; word < WORDS; word += 1) into[word] = this.words[at + word] as number;
  }

  pathTo(index: number): number[] {
    const path: number[] = [];
    for (let at = index; (this.parents[at] as number) >= 0; at = this.parents[at] as number) {
      path.push(this.moves[at] as number);
    }
    return path.reverse();
  }

  private same(index: number, state: Int32Array): boolean {
    const at = index * WORDS;
    for (let word = 0; word < WORDS; word += 1) if (this.words[at + word] !== state[word]) return false;
    return true;
  }

  private grow(): void {
    const room = this.parents.length * 2;
    const words = new Int32Array(room * WORDS);
    words.set(this.words);
    const parents = new Int32Array(room);
    parents.set(this.parents);
    const moves = new Int16Array(room);
    moves.set(this.moves);
    this.words = words;
    this.parents = parents;
    this.moves = moves;
    this.slots = new Int32Array(room * 4).fill(-1);
    const state = new Int32Array(WORDS);
    for (let index = 0; index < this.size; index += 1) {
      this.read(index, state);
      let slot = hashOf(state) & (this.slots.length - 1);
      while ((this.slots[slot] as number) >= 0) slot = (slot + 1) & (this.slots.length - 1);
      this.slots[slot] = index;
    }
  }
}

function hashOf(state: Int32Array): number {
  let hash = 0x811c9dc5;
  for (let word = 0; word < WORDS; word += 1) {
    hash = Math.imul(hash ^ (state[word] as number), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return Math.imul(hash, 0x85ebca6b) >>> 0;
}
