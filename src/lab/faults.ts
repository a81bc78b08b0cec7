// What the stories do to a lab. A killed region is silent from the moment of the fault: its links swallow first, then its processes die,
// so that no reset of theirs gets out. With `refuse` the links say no instead, for comparison.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LabFailure } from "./failure.ts";
import { usersPlace } from "./places.ts";
import { killAll, livingOf, signalAll, startProcess } from "./processes.ts";
import { besideMe, type Lab, stateFolder } from "./start.ts";

const freezePasses = 2;

/** SIGKILL for everything in the region; who that is is found out first. */
export async function killRegion(lab: Lab, region: string, kind: "swallow" | "refuse"): Promise<void> {
  const everyone = livingOf(lab.folder, region);
  await silence(lab, region, kind);
  await killAll(lab.folder, region, everyone);
}

async function silence(lab: Lab, region: string, kind: "swallow" | "refuse"): Promise<void> {
  await Promise.all([lab.order({ from: region, to: "*", kind }), lab.order({ from: "*", to: region, kind })]);
}

/** SIGSTOP for everything in the region; its connections stay open and say nothing. */
export async function freezeRegion(lab: Lab, region: string): Promise<void> {
  for (let pass = 0; pass < freezePasses; pass++) {
    signalAll(livingOf(lab.folder, region), "SIGSTOP");
    await sleep(10);
  }
}

/** SIGSTOP for the agent alone; what it started goes on. */
export function freezeAgent(lab: Lab, region: string): void {
  const pid = lab.pidOf("agent", region);
  const agent = livingOf(lab.folder, region).filter((one) => one.pid === pid);
  if (agent.length === 0) throw new LabFailure(`The agent of ${region} does not run, so it cannot freeze.`);
  signalAll(agent, "SIGSTOP");
}

export async function thawRegion(lab: Lab, region: string): Promise<void> {
  signalAll(livingOf(lab.folder, region), "SIGCONT");
}

/** Between two places, both ways. */
export async function cutLink(lab: Lab, a: string, b: string, kind: "swallow" | "refuse"): Promise<void> {
  await Promise.all([lab.order({ from: a, to: b, kind }), lab.order({ from: b, to: a, kind })]);
}

/** From every other region, but not from its users. */
export async function cutRegion(lab: Lab, region: string, kind: "swallow" | "refuse"): Promise<void> {
  const others = lab.map.places.filter((place) => place !== region && place !== usersPlace);
  await Promise.all(others.map((other) => cutLink(lab, region, other, kind)));
}

/** In one direction, for everybody else. "deaf": nothing arrives there. "mute": nothing that leaves it arrives. */
export async function oneWay(lab: Lab, region: string, is: "deaf" | "mute", kind: "swallow" | "refuse"): Promise<void> {
  await lab.order(is === "deaf" ? { from: "*", to: region, kind } : { from: region, to: "*", kind });
}

/** Unreachable for everybody, again and again; returns when it is over and the region can be reached. */
export async function flap(
  lab: Lab,
  region: string,
  times: { readonly downMs: number; readonly everyMs: number; readonly ms: number },
  kind: "swallow" | "refuse",
  look: () => void,
): Promise<void> {
  const startedMs = performance.now();
  for (let due = 0; due < times.ms; due += times.everyMs) {
    await sleep(Math.max(0, startedMs + due - performance.now()));
    look();
    await silence(lab, region, kind);
    await sleep(times.downMs);
    await Promise.all([
      lab.order({ from: region, to: "*", kind: "heal" }),
      lab.order({ from: "*", to: region, kind: "heal" }),
    ]);
  }
  await sleep(times.everyMs - times.downMs);
}

export async function healAll(lab: Lab): Promise<void> {
  await lab.order({ from: "*", to: "*", kind: "heal" });
}

/** The controller's store hangs for so long. Returns when it does; it is given back by itself. */
export async function stallStore(lab: Lab, ms: number): Promise<void> {
  const file = join(stateFolder(lab.folder, lab.controllerPlace, "serve"), "leeward.db");
  if (!existsSync(file))
    throw new LabFailure(`The controller's store is not at ${file}, so it cannot be made to hang.`);
  const child = startProcess({
    folder: lab.folder,
    what: "store-stall",
    place: "links",
    args: [besideMe("store-stall"), file, String(ms)],
  });
  await child.ready(10_000);
}

/** A region that was killed comes back: its links, the controller if it lived there, its agent and router with the commands they had. */
export async function bringBack(lab: Lab, region: string): Promise<void> {
  await healAll(lab);
  if (region === lab.controllerPlace) await lab.startController();
  await lab.startRegion(region);
}
