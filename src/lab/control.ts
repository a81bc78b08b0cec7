// How the lab asks the controller: the same calls that the command line uses, straight, past every proxy, for the lab stands outside the
// places it breaks. The one file to change when those calls do.

import type { z } from "zod";
import { type CallName, calls, type RequestOf, type ResponseOf } from "../wire/calls.ts";
import {
  type CommandAnswer,
  type PeopleCallName,
  type PersonCommand,
  peopleCalls,
  type ReportAnswer,
  type SystemStatus,
} from "../wire/people.ts";
import { versionHeader, wireVersion } from "../wire/version.ts";

export type Control = {
  /** Undefined: it did not answer in time. */
  status(): Promise<SystemStatus | undefined>;
  /** Throws when no answer came: then nobody knows whether the command was taken. */
  command(command: PersonCommand): Promise<CommandAnswer>;
  report(sinceMs: number): Promise<ReportAnswer>;
  /** How often each effect was really performed, as the agent at `address` counts it. Undefined: it did not answer. */
  agentStatus(address: string): Promise<ResponseOf<"agent-status"> | undefined>;
};

const statusDeadlineMs = 2_000;
const commandDeadlineMs = 10_000;
const runsMax = 1_000;

export function makeControl(options: { readonly url: string; readonly token: string }): Control {
  const post = async <S extends z.ZodType>(
    base: string,
    name: string,
    body: unknown,
    schema: S,
    deadlineMs: number,
  ): Promise<z.infer<S>> => {
    const response = await fetch(`${base}/v1/${name}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${options.token}`,
        "content-type": "application/json",
        [versionHeader]: String(wireVersion),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(deadlineMs),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${name} was answered with ${response.status}: ${text.slice(0, 300)}`);
    return schema.parse(JSON.parse(text));
  };
  const people = <N extends PeopleCallName>(
    name: N,
    body: z.input<(typeof peopleCalls)[N]["request"]>,
    deadlineMs: number,
  ) =>
    post(options.url, name, body, peopleCalls[name].response, deadlineMs) as Promise<
      z.infer<(typeof peopleCalls)[N]["response"]>
    >;
  const agent = <N extends CallName>(address: string, name: N, body: RequestOf<N>): Promise<ResponseOf<N>> =>
    post(`http://${address}`, name, body, calls[name].response, statusDeadlineMs) as Promise<ResponseOf<N>>;

  return {
    status: () => people("status", {}, statusDeadlineMs).catch(() => undefined),
    command: (command) => people("command", command, commandDeadlineMs),
    report: (sinceMs) => people("history", { sinceMs, runsMax }, commandDeadlineMs),
    agentStatus: (address) => agent(address, "agent-status", {}).catch(() => undefined),
  };
}

/** Is the group at `primary`, open for users, with every other member promotable and streaming, and nothing under way? A sentence when not. */
export function notYetProtected(
  status: SystemStatus | undefined,
  group: { readonly name: string; readonly primary: readonly string[] },
): string | undefined {
  if (status === undefined) return "the controller does not answer yet";
  const found = status.groups.find((one) => one.group === group.name);
  if (found === undefined || found.epoch === 0) return `${group.name} has no primary yet`;
  if (found.run !== undefined && (found.run.result === "running" || found.run.result === "paused")) {
    return `${found.run.kind} of ${group.name} is ${found.run.result}: ${found.run.steps.at(-1)?.id ?? "it begins"}`;
  }
  if (found.traffic === undefined || found.traffic.mode !== "open") return `traffic of ${group.name} is not open yet`;
  if (found.traffic.primary !== found.primary) return `traffic of ${group.name} does not lead to ${found.primary} yet`;
  const waiting = group.primary.filter((region) => !found.promotable.includes(region));
  if (waiting.length > 0) return `${waiting.join(", ")} cannot take over yet`;
  const stalled = found.links.find((link) => link.from === found.primary && !link.streaming);
  if (stalled !== undefined) return `${stalled.service} does not stream from ${stalled.from} to ${stalled.to} yet`;
  return undefined;
}
