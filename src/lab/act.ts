// Carries out the steps of a story, one after the other, and notes each fault with the moment it was ordered and the moment it had taken
// hold.

import { setTimeout as sleep } from "node:timers/promises";
import type { PersonCommand } from "../wire/people.ts";
import type { Users } from "./clients.ts";
import { keepKilling, killDatabase, promoteByHand, signalReceiver } from "./database-faults.ts";
import { LabFailure } from "./failure.ts";
import {
  bringBack,
  cutLink,
  cutRegion,
  flap,
  freezeAgent,
  freezeRegion,
  healAll,
  killRegion,
  oneWay,
  stallStore,
  thawRegion,
} from "./faults.ts";
import type { Notes } from "./noted.ts";
import type { Progress } from "./progress.ts";
import type { Lab } from "./start.ts";
import type { Role, StoryStep } from "./story.ts";
import { nowMs } from "./users/ledger.ts";
import { lookEveryMs, untilSuccessor } from "./waiting.ts";

export type Fault = {
  readonly at: number;
  readonly doneAt: number;
  readonly region: string;
  readonly sentence: string;
};
export type Answer = { readonly asked: string; readonly accepted: boolean; readonly sentence: string };

export type Stage = {
  readonly lab: Lab;
  readonly refuse: boolean;
  readonly progress: Progress;
  readonly names: Readonly<Record<Role, string>>;
  readonly users: Users;
  readonly notes: Notes;
  readonly epochBefore: number;
  readonly faults: Fault[];
  readonly answers: Answer[];
  /** What goes on beside the steps, such as a crash loop; ended by "heal", and at the end of the round. */
  readonly loops: { stop: AbortController; running: Promise<unknown>[] };
};

/** A wait whose end the checks will judge. */
const askEveryMs = 100;

export async function endLoops(stage: Pick<Stage, "loops">): Promise<void> {
  stage.loops.stop.abort();
  await Promise.all(stage.loops.running);
  stage.loops.running = [];
  stage.loops.stop = new AbortController();
}

export async function act(stage: Stage, step: StoryStep): Promise<void> {
  const { lab, names, faults, progress } = stage;
  const kind = stage.refuse ? "refuse" : "swallow";
  const fault = (region: string, sentence: string, work: () => void | Promise<void>): Promise<void> =>
    progress.step(sentence, async () => {
      const at = nowMs();
      await work();
      faults.push({ at, doneAt: nowMs(), region, sentence });
    });
  switch (step.do) {
    case "kill": {
      const region = names[step.who];
      return fault(region, `Everything in ${region} is killed`, () => killRegion(lab, region, kind));
    }
    case "freeze": {
      const region = names[step.who];
      return fault(region, `Everything in ${region} freezes`, () => freezeRegion(lab, region));
    }
    case "freeze-agent": {
      const region = names[step.who];
      return fault(region, `The agent of ${region} freezes`, () => freezeAgent(lab, region));
    }
    case "thaw": {
      const region = names[step.who];
      return fault(region, `${region} wakes`, () => thawRegion(lab, region));
    }
    case "bring-back": {
      const region = names[step.who];
      return fault(region, `${region} comes back`, () => bringBack(lab, region));
    }
    case "cut": {
      const [a, b] = [names[step.between[0]], names[step.between[1]]];
      return fault(a, `The link between ${a} and ${b} is cut`, () => cutLink(lab, a, b, kind));
    }
    case "isolate": {
      const region = names[step.who];
      return fault(region, `${region} is cut from every other region`, () => cutRegion(lab, region, kind));
    }
    case "one-way": {
      const region = names[step.who];
      const sentence = step.is === "deaf" ? `${region} hears nobody` : `Nobody hears ${region}`;
      return fault(region, sentence, () => oneWay(lab, region, step.is, kind));
    }
    case "flap": {
      const region = names[step.who];
      const sentence = `${region} is unreachable for ${step.downMs / 1_000} s out of every ${step.everyMs / 1_000}, for ${words(step.ms)}`;
      return fault(region, sentence, () => flap(lab, region, step, kind, () => void stage.users.state()));
    }
    case "lose-packets":
      return fault(names.primary, `${step.share * 100} % of the packets on every link are lost`, () =>
        lab.order({ from: "*", to: "*", kind: "loss", share: step.share }),
      );
    case "heal":
      return fault(names.primary, "All links are whole again", async () => {
        await endLoops(stage);
        await healAll(lab);
      });
    case "fail-answers": {
      const region = names[step.who];
      return fault(region, `${step.share * 100} % of the answers of ${region}'s services fail`, () =>
        lab.order({ from: region, to: "*", kind: "fail", share: step.share }),
      );
    }
    case "late-answers": {
      const region = names[step.who];
      return fault(region, `The answers of ${region}'s services come ${step.ms} ms later`, () =>
        lab.order({ from: region, to: "*", kind: "late", ms: step.ms }),
      );
    }
    case "kill-database": {
      const region = names[step.who];
      const sentence = step.what === "all" ? "is killed with every session" : "loses its first process";
      return fault(region, `The database of ${region} ${sentence}`, () => killDatabase(lab, region, step.what));
    }
    case "crash-loop": {
      const region = names[step.who];
      return fault(region, `The database of ${region} is killed, and again whenever it starts`, () => {
        stage.loops.running.push(keepKilling(lab, region, stage.loops.stop.signal));
      });
    }
    case "stop-receiver": {
      const region = names[step.who];
      return fault(region, `The database of ${region} stops receiving`, () => signalReceiver(lab, region, "SIGSTOP"));
    }
    case "wake-receiver": {
      const region = names[step.who];
      return fault(region, `The database of ${region} receives again`, () => signalReceiver(lab, region, "SIGCONT"));
    }
    case "promote-by-hand": {
      const region = names[step.who];
      return fault(region, `Somebody promotes the database of ${region} by hand`, () => promoteByHand(lab, region));
    }
    case "stall-store":
      return fault(lab.controllerPlace, `The controller's store hangs for ${step.ms / 1_000} s`, () =>
        stallStore(lab, step.ms),
      );
    case "ask-switchover": {
      const region = names[step.to];
      return fault(names.primary, `Somebody asks for a switchover to ${region}`, async () => {
        const answer = await ask(stage, { kind: "switchover", group: lab.group.name, to: region, by: "lab" });
        if (!answer.accepted) throw new LabFailure(`The switchover to ${region} was refused: ${answer.sentence}`);
      });
    }
    case "ask-both":
      return fault(names.primary, `A failover and a switchover to ${names[step.to]} are asked for at once`, () =>
        askBoth(stage, names[step.to]),
      );
    case "say-yes":
      return sayYes(stage);
    case "maintain": {
      const region = names[step.who];
      const sentence = step.out ? `Somebody takes ${region} out` : `Somebody lets ${region} back in`;
      return fault(region, sentence, async () => {
        await ask(stage, { kind: "maintenance", group: lab.group.name, region, on: step.out, by: "lab" });
      });
    }
    case "await-seen": {
      const region = names[step.who];
      const seen = (): boolean =>
        stage.notes.noted().diagnoses.some((one) => one.region === region && step.names.includes(one.name));
      return until(stage, `Waiting until ${step.names.join(" or ")} is said of ${region}`, step.withinMs, seen);
    }
    case "await-asked":
      return until(
        stage,
        "Waiting until a person is asked",
        step.withinMs,
        () => stage.notes.newest()?.decision.kind === "ask",
      );
    case "await-told":
      return until(stage, "Waiting until it is told", step.withinMs, () =>
        stage.notes.noted().decisions.some((one) => step.words.test(one.reason)),
      );
    case "await-epoch":
      return until(
        stage,
        "Waiting until there is a new epoch",
        step.withinMs,
        () => stage.notes.noted().epochs.length > 1,
      );
    case "await-successor":
      return progress.step("Waiting until users write again elsewhere", (say) =>
        untilSuccessor({ ...stage, from: names.primary }, step.withinMs, say),
      );
    case "go-on":
      await progress.step(`Users go on for ${words(step.ms)}`, () => sleep(step.ms));
      stage.users.state();
      return;
    default:
      step satisfies never;
  }
}

/** Returns at the deadline too: what was not seen is for the checks to say. */
async function until(stage: Stage, sentence: string, withinMs: number, truth: () => boolean): Promise<void> {
  await stage.progress.step(sentence, async (say) => {
    const deadline = performance.now() + withinMs;
    while (!truth() && performance.now() < deadline) {
      const told = stage.notes.newest()?.sentence;
      if (told !== undefined) say(told);
      await sleep(lookEveryMs);
    }
    if (!truth()) stage.progress.note(`  not so after ${withinMs / 1_000} s: ${stage.notes.newest()?.sentence ?? ""}`);
  });
}

async function ask(stage: Stage, command: PersonCommand): Promise<Answer> {
  const { accepted, sentence } = await stage.lab.control.command(command);
  const answer = { asked: command.kind, accepted, sentence };
  stage.answers.push(answer);
  return answer;
}

async function askBoth(stage: Stage, to: string): Promise<void> {
  const common = { group: stage.lab.group.name, to, by: "lab" };
  const orders: readonly PersonCommand[] = [
    // With the loss accepted: a healthy primary alone must not be what decides between the two.
    { kind: "failover", acceptLoss: true, ...common },
    { kind: "switchover", ...common },
  ];
  const inTurn = Math.random() < 0.5 ? orders : [...orders].reverse();
  await Promise.all(inTurn.map((order) => ask(stage, order)));
}

async function sayYes(stage: Stage): Promise<void> {
  await sleep(askEveryMs);
  const decision = stage.notes.newest()?.decision;
  if (decision?.kind !== "ask") return stage.progress.note("Nobody is asked, so nobody says yes");
  await stage.progress.step(`Somebody says yes to: ${decision.reason}`, async () => {
    await ask(stage, { kind: "approve", group: stage.lab.group.name, by: "lab" });
  });
}

function words(ms: number): string {
  return ms >= 120_000 ? `${Math.round(ms / 6_000) / 10} min` : `${ms / 1_000} s`;
}
