// How a service is looked at: the keys of `health`, and which of them belong to which kind of probe.

import { z } from "zod";
import type { HealthProbe, StatusRange } from "../core/model/health-probe.ts";
import { address, between, command, flag, hostNamePattern, list, text, waiting } from "./values.ts";

const statusPattern = /^[1-5]\d\d(-[1-5]\d\d)?$/;
const status = z
  .union(
    [z.int("status").min(100, "status").max(599, "status"), z.string("status").regex(statusPattern, "status")],
    "status",
  )
  .transform((written): StatusRange => {
    const [from = 0, to = from] = String(written).split("-").map(Number);
    return { from, to };
  })
  .refine(({ from, to }) => from <= to, "status");

/** Both are bounded where they are used: see drivers/probe/http-judge.ts. */
const pattern = text.refine(isPattern, "pattern");

const body = z
  .strictObject(
    {
      contains: text.exactOptional().describe("This text must be in the body."),
      matches: pattern.exactOptional().describe("The body must match this regular expression."),
    },
    "mapping",
  )
  .refine((value) => (value.contains === undefined) !== (value.matches === undefined), "one-body");

export const health = z
  .strictObject(
    {
      path: z
        .string("path")
        .regex(/^\/\S*$/, "path")
        .prefault("/healthz")
        .describe("Answers 2xx when all is well."),
      every: between(10, 3_600_000)
        .exactOptional()
        .describe("How often somebody else looks at it. Agents look every control.probeEvery, which is the default."),
      timeout: waiting.exactOptional().describe("Default: 4 times the p99 round trip, at least 150ms."),
      answers: z
        .enum(["synchronous", "asynchronous"], "choice")
        .exactOptional()
        .describe("asynchronous: it answers before it has looked. Default: synchronous."),
      deep: flag.exactOptional().describe("Whether it looks at what the service needs as well."),
      kind: z
        .enum(["http", "https", "tcp", "dns", "sql", "command"], "choice")
        .exactOptional()
        .describe("How it is looked at. Default: sql for postgresql, else http."),
      latencyMax: waiting.exactOptional().describe("An answer that takes longer has failed, though it came."),
      keepAlive: flag.exactOptional().describe("http, https, sql: keep the connection. Default: a new one each time."),
      status: list(status)
        .min(1, "list")
        .exactOptional()
        .describe(
          "http, https: the statuses that are well, such as [200, 300-399]. Default: 200 to 399. 202 never is.",
        ),
      body: body.exactOptional().describe("http, https: what must be in the first 64 KiB of the body."),
      redirects: z
        .int("redirects")
        .min(0, "redirects")
        .max(10, "redirects")
        .exactOptional()
        .describe("http, https: so many are followed, to the same host; 0 refuses. Default: a redirect is an answer."),
      certificateDays: z
        .int("days")
        .min(1, "days")
        .max(3_650, "days")
        .exactOptional()
        .describe("https: warn when the certificate runs out within so many days."),
      send: z
        .string("words")
        .min(1, "words")
        .max(4_096, "words")
        .exactOptional()
        .describe("tcp: said at the beginning."),
      expect: text
        .exactOptional()
        .describe("tcp, sql, command: must be in the answer; of sql, must be the first value."),
      server: address.exactOptional().describe("dns: who is asked, as host:port. Default: where the service answers."),
      resolve: z
        .string("host-name")
        .regex(hostNamePattern, "host-name")
        .exactOptional()
        .describe("dns: the name that is asked for."),
      record: z.enum(["A", "AAAA", "CNAME"], "choice").exactOptional().describe("dns: of which kind. Default: A."),
      resolvesTo: list(text).exactOptional().describe("dns: all of these must be in the answer. Default: any will do."),
      statement: text.exactOptional().describe("sql: what is asked, in a read-only transaction. Default: select 1."),
      write: flag.exactOptional().describe("sql: the statement may write. Default: false."),
      command: command
        .exactOptional()
        .describe("command: what is run, as a list of words; no shell. Well when it ends with 0."),
    },
    "mapping",
  )
  .prefault({})
  .describe("How to see whether it is well.");

type Health = z.output<typeof health>;
type Kind = HealthProbe["kind"];
type Key = Exclude<keyof Health, "path" | "every" | "timeout" | "answers" | "deep" | "kind" | "latencyMax">;

const http = ["http", "https"] as const;
const kindsOf: Readonly<Record<Key, readonly Kind[]>> = {
  keepAlive: [...http, "sql"],
  status: http,
  body: http,
  redirects: http,
  certificateDays: ["https"],
  send: ["tcp"],
  expect: ["tcp", "sql", "command"],
  server: ["dns"],
  resolve: ["dns"],
  record: ["dns"],
  resolvesTo: ["dns"],
  statement: ["sql"],
  write: ["sql"],
  command: ["command"],
};
const keys = Object.keys(kindsOf) as readonly Key[];
const needed: Readonly<Partial<Record<Kind, Key>>> = { dns: "resolve", command: "command" };

function kindOf(type: string, { kind }: Health): Kind {
  return kind ?? (type === "postgresql" ? "sql" : "http");
}

/** Adds what only the type of the service tells: keys of another kind of probe, and the key that a kind cannot do without. */
export function checkHealth(
  { type, health: said }: { readonly type: string; readonly health: Health },
  context: { addIssue(issue: { code: "custom"; message: string; path: string[]; input: unknown }): void },
): void {
  const kind = kindOf(type, said);
  for (const key of keys) {
    if (said[key] === undefined || kindsOf[key].includes(kind)) continue;
    const message = `other-probe ${key} ${kind} ${kindsOf[key][0]}`;
    context.addIssue({ code: "custom", message, path: ["health", key], input: said[key] });
  }
  const key = needed[kind];
  if (key !== undefined && said[key] === undefined)
    context.addIssue({ code: "custom", message: `probe-needs ${key} ${kind}`, path: ["health", "kind"], input: kind });
}

/** Undefined when the manifest says nothing about it: then a service is looked at in the way of its type. */
export function probeOf(type: string, said: Health): HealthProbe | undefined {
  if (said.kind === undefined && said.latencyMax === undefined && keys.every((key) => said[key] === undefined))
    return undefined;
  const kind = kindOf(type, said);
  const { keepAlive, status, body: wanted, redirects, certificateDays, send, expect, server, statement, write } = said;
  const latency = said.latencyMax === undefined ? {} : { latencyMaxMs: said.latencyMax };
  const kept = keepAlive === undefined ? {} : { keepAlive };
  const expected = expect === undefined ? {} : { expect };
  switch (kind) {
    case "http":
    case "https":
      return {
        kind,
        ...latency,
        ...kept,
        ...(status === undefined ? {} : { status }),
        ...(wanted?.contains === undefined ? {} : { body: { contains: wanted.contains } }),
        ...(wanted?.matches === undefined ? {} : { body: { matches: wanted.matches } }),
        ...(redirects === undefined ? {} : { redirects }),
        ...(certificateDays === undefined ? {} : { certificateDays }),
      };
    case "tcp":
      return { kind, ...latency, ...expected, ...(send === undefined ? {} : { send }) };
    case "dns":
      return {
        kind,
        ...latency,
        ...(server === undefined ? {} : { server }),
        name: said.resolve ?? "",
        record: said.record ?? "A",
        expect: said.resolvesTo ?? [],
      };
    case "sql":
      return {
        kind,
        ...latency,
        ...kept,
        ...expected,
        ...(statement === undefined ? {} : { statement }),
        ...(write === undefined ? {} : { write }),
      };
    case "command":
      return { kind, ...latency, ...expected, command: said.command ?? [] };
    default:
      return kind satisfies never;
  }
}

function isPattern(written: string): boolean {
  try {
    new RegExp(written, "u");
    return true;
  } catch {
    return false;
  }
}
