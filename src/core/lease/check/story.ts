// A counterexample as numbered sentences: when, who, what. The path is done again, move by move, in a world of its own.

import type { ControllerEffect } from "../controller-state.ts";
import type { MemberEffect } from "../member-state.ts";
import type { Counterexample } from "./check-protocol.ts";
import type { ControllerMessage, MemberMessage, Message } from "./messages.ts";
import { doMove, type Move } from "./search.ts";
import { MEMBERS, NET, type Violation, World } from "./world.ts";

const meaning: Readonly<Record<Violation, string>> = {
  "two-writers": "two regions may acknowledge writes at this same instant (I1)",
  "older-epoch-acknowledged": "a write may be acknowledged under an epoch below one that has acknowledged already (I1)",
  "acknowledged-after-advance": "the record has moved on, and the old primary may still acknowledge writes (I1)",
  "promoted-under-other-record": "a member becomes primary under an epoch or a name that the record does not have (I1)",
  "lease-kept-alive-by-the-fenced":
    "a holder that had no answer for a whole lease, and so may not write, still keeps its lease alive: nobody can take over",
  "hold-after-prepare": "the chosen member counts as prepared and clear, and the primary still writes by a hold (I1)",
};

/** One line per event. Times are in leases of a perfect clock (4 units at 1.5 units a tick). */
export function tellStory({ options, found }: Counterexample): string[] {
  const world = new World(options);
  let at = world.initial();
  let ticks = 0;
  const lines: string[] = [];
  const say = (line: string): void => {
    lines.push(`${String(lines.length + 1).padStart(2)}. ${timeText(ticks)}  ${line}`);
  };
  const { rates } = options;
  const pace = (rate: number): string => (rate === 1 ? "slow" : "fast");
  say(
    `north is primary of epoch 1; its last renewal was long ago. Clocks: north ${pace(rates.north)}, south ${pace(rates.south)}, controller ${pace(rates.controller)}.`,
  );
  world.watcher = {
    member(who, input, effects, reason) {
      if (input.kind === "gate-confirmed") return say(`${MEMBERS[who]}'s router confirms what it was told`);
      say(`${MEMBERS[who]} ${memberInput(input)}${effectsText(effects.map(memberEffect), reason)}`);
      if (effects.some((effect) => effect.kind === "ask-hold"))
        say(`   the witness grants ${MEMBERS[who]} a hold, unasked`);
    },
    controller(input, effects, reason) {
      say(`the controller ${controllerInput(input)}${effectsText(effects.map(controllerEffect), reason)}`);
    },
  };
  const before = { north: 0, south: 0 };
  for (const move of found.moves) {
    const note = moveText(world, at, move);
    if (note !== undefined) say(note);
    if (move.kind === "time") ticks += 1;
    doMove(world, at, move);
    at = world.next.slice();
    const now = world.writing(at);
    for (const who of MEMBERS) {
      if ((now[who] !== 0) !== (before[who] !== 0)) {
        say(
          now[who] !== 0
            ? `   ${who} may acknowledge writes now (${epochsText(now[who])})`
            : `   ${who} may acknowledge nothing any more`,
        );
      }
      before[who] = now[who];
    }
  }
  say(`VIOLATION: ${meaning[found.violation]}`);
  return lines;
}

function timeText(ticks: number): string {
  return `${((ticks * 1.5) / 4).toFixed(2)} leases`;
}

function epochsText(mask: number): string {
  const epochs: number[] = [];
  for (let epoch = 1; epoch < 8; epoch += 1) if ((mask & (1 << epoch)) !== 0) epochs.push(epoch);
  return `epoch ${epochs.join(" and ")}`;
}

function effectsText(effects: readonly (string | undefined)[], reason: string | undefined): string {
  const said = effects.filter((text) => text !== undefined);
  const why = reason === undefined ? "" : ` (${reason})`;
  return said.length === 0 ? `${why}; nothing follows` : `${why}: ${said.join("; ")}`;
}

function moveText(world: World, at: Int32Array, { kind, argument, prompt }: Move): string | undefined {
  const message = (): string => {
    const id = world.nets.at(at[NET] as number)[argument];
    return id === undefined ? "a message" : messageText(world.messages.at(id));
  };
  const slow = prompt === 0 ? "" : ", and what is sent arrives at once";
  switch (kind) {
    case "time":
      return "time passes";
    case "deliver":
      return `${message()} arrives${slow}`;
    case "deliver-deaf":
      return `${message()} arrives, while the router there is frozen`;
    case "repeat":
      return `${message()} arrives, and a copy of it stays on its way`;
    case "drop":
      return `${message()} is lost`;
    case "tick-deaf":
      return `the router of ${MEMBERS[argument]} is frozen`;
    case "restart":
      return argument === 2
        ? "the controller crashes and is started again"
        : `${MEMBERS[argument]}'s agent crashes and is started again`;
    case "restart-router":
      return `the router of ${MEMBERS[argument]} crashes and is started again`;
    case "advance":
    case "admit":
      return (argument & 1) === 1 ? "the store's answer to what follows gets lost" : undefined;
    case "tick":
    case "renew":
    case "prepare":
    case "release":
    case "fence":
    case "tell":
    case "read":
      return undefined;
    default:
      return kind satisfies never;
  }
}

function messageText({ to, input }: Message): string {
  switch (input.kind) {
    case "renewal":
      return `${input.from}'s renewal of epoch ${input.epoch}`;
    case "renewed":
      return `the answer to ${to}'s renewal of epoch ${input.epoch}`;
    case "hold-request":
      return `${input.from}'s question for a hold for epoch ${input.epoch}`;
    case "hold-granted":
      return `${input.from}'s granted hold for epoch ${input.epoch}`;
    case "prepare":
    case "release":
    case "fence":
      return `${input.kind.toUpperCase()}(${input.epoch}) to ${to}`;
    case "promote":
      return `PROMOTE(${input.record.epoch}) to ${to}`;
    case "prepared":
      return `${input.from}'s answer that it is prepared for epoch ${input.epoch}`;
    case "fenced":
      return `${input.from}'s fence receipt for epoch ${input.epoch}`;
    case "widen":
      return `the question to ${to} to need more holds`;
    case "record-seen":
      return `the record of epoch ${input.record.epoch} to ${to}`;
    default:
      return `"${input.kind}" to ${to}`;
  }
}

function memberInput(input: MemberMessage): string {
  switch (input.kind) {
    case "boot":
      return "starts from what it had made durable";
    case "tick":
      return "looks at its clock";
    case "renewal-due":
      return "renews";
    case "renewed":
      return `gets the answer to its renewal of epoch ${input.epoch}`;
    case "renewal-refused":
    case "record-seen":
      return `sees that epoch ${input.record.epoch} names ${input.record.primary}`;
    case "hold-request":
      return `is asked by ${input.from} for a hold for epoch ${input.epoch}`;
    case "hold-granted":
      return `gets ${input.from}'s hold for epoch ${input.epoch}`;
    case "hold-refused":
      return `gets no hold from ${input.from}`;
    case "prepare":
    case "release":
    case "fence":
      return `gets ${input.kind.toUpperCase()}(${input.epoch})`;
    case "widen":
      return `is asked to need the holds of ${input.promotable.join(" and ")}`;
    case "promote":
      return `gets PROMOTE(${input.record.epoch})${input.receipt ? " with the old primary's receipt" : ""}`;
    case "gate-confirmed":
      return "hears from its router";
    default:
      return input satisfies never;
  }
}

function controllerInput(input: ControllerMessage): string {
  switch (input.kind) {
    case "started":
      return `starts and reads epoch ${input.record.epoch} (${input.record.primary}) from the store`;
    case "seen":
      return `reads epoch ${input.record.epoch} (${input.record.primary}) from the store`;
    case "renewal":
      return `gets ${input.from}'s renewal of epoch ${input.epoch}`;
    case "lease-stored":
      return input.stored.outcome === "ok" ? "has the renewal in the store" : "finds that the store has changed";
    case "record-stored":
      return input.stored.outcome === "ok"
        ? `has epoch ${input.next.epoch} in the store`
        : "finds that the store has changed";
    case "prepare-wanted":
      return `wants ${input.target} prepared`;
    case "prepared":
      return `learns that ${input.from} is prepared for epoch ${input.epoch} and clear`;
    case "prepare-refused":
      return `learns that ${input.from} does not prepare`;
    case "release-wanted":
      return "gives the switch up";
    case "fence-wanted":
      return "wants the primary fenced";
    case "fenced":
      return `gets ${input.from}'s fence receipt for epoch ${input.epoch}`;
    case "advance-wanted":
      return `wants ${input.target} as primary of the next epoch`;
    case "admit-wanted":
      return `wants ${input.promotable.join(" and ")} promotable, with the same primary`;
    case "widened":
      return `learns that ${input.from} needs the holds of ${input.promotable.join(" and ")}`;
    case "promote-due":
      return "tells the record to all";
    default:
      return input satisfies never;
  }
}

function memberEffect(effect: MemberEffect): string | undefined {
  switch (effect.kind) {
    case "persist":
    case "reply-released":
    case "reply-promoted":
      return undefined;
    case "send-renewal":
      return `it sends a renewal of epoch ${effect.epoch}${effect.writable ? "" : ", not writable"}`;
    case "ask-hold":
      return `it asks ${effect.to} for a hold`;
    case "reply-hold":
      return effect.granted
        ? `it grants ${effect.to} a hold for epoch ${effect.epoch}`
        : `it refuses: ${effect.reason}`;
    case "reply-prepared":
      return effect.clear
        ? "it answers that it is prepared and clear"
        : "it answers that it is prepared, its holds are not over";
    case "reply-prepare-refused":
    case "reply-promote-refused":
      return `it refuses: ${effect.reason}`;
    case "reply-widened":
      return `it agrees to need the holds of ${effect.promotable.join(" and ")}`;
    case "reply-widen-refused":
      return `it refuses: ${effect.reason}`;
    case "reply-fenced":
      return `it gives its fence receipt for epoch ${effect.epoch}`;
    case "become-primary":
      return `it becomes primary of epoch ${effect.epoch}`;
    case "step-down":
      return `it steps down: ${effect.reason}`;
    case "set-gate":
      return `it tells its router epoch ${effect.epoch}`;
    default:
      return effect satisfies never;
  }
}

function controllerEffect(effect: ControllerEffect): string | undefined {
  switch (effect.kind) {
    case "cas-lease":
      return "it stores the renewal";
    case "cas-record":
      return `it stores epoch ${effect.next.epoch} with ${effect.next.primary}`;
    case "read-store":
      return undefined;
    case "reply-renewed":
      return `it answers ${effect.to}'s renewal`;
    case "reply-renewal-refused":
      return `it refuses ${effect.to}'s renewal`;
    case "send-prepare":
      return `it sends PREPARE(${effect.epoch}) to ${effect.to}`;
    case "send-release":
      return `it sends RELEASE(${effect.epoch}) to ${effect.to}`;
    case "send-fence":
      return `it sends FENCE(${effect.epoch}) to ${effect.to}`;
    case "send-widen":
      return `it asks ${effect.to} to need the holds of ${effect.promotable.join(" and ")}`;
    case "send-promote":
      return `it sends PROMOTE(${effect.record.epoch}) to ${effect.to}`;
    case "send-record":
      return `it sends the record of epoch ${effect.record.epoch} to ${effect.to}`;
    case "refuse":
      return `it does not: ${effect.reason}`;
    default:
      return effect satisfies never;
  }
}
