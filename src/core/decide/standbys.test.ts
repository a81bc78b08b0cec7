import { expect, test } from "vitest";
import type { Diagnosis, DiagnosisName } from "../watch/diagnosis.ts";
import { decide } from "./decide.ts";
import { type DecideInput, type DecideState, initialDecideState } from "./decision.ts";

const now = 1_000_000;

const seen = (name: DiagnosisName, region: string, service?: string): Diagnosis => ({
  name,
  region,
  ...(service === undefined ? {} : { service }),
  severity: "warning",
  sinceMs: now - 5_000,
  seenAtMs: now - 4_000,
  evidence: { statistic: 30, threshold: 27, vantages: ["north"], sampleCount: 100, silentMs: 0 },
  sentence: `${service ?? region} is ${name}`,
});

/** South, the synchronous standby, is gone; commits wait, and users feel it as a brown-out of north, which nobody can judge. */
const waiting = (over: Partial<DecideInput> = {}, policy: DecideInput["group"]["policy"] = {}): DecideInput => ({
  nowMs: now,
  group: {
    name: "shop",
    primary: ["north", "south"],
    witnesses: ["watch"],
    services: ["orders", "web"],
    failover: "automatic",
    maxDataLossMs: 30_000,
    coolDownMs: 60_000,
    mode: "sync",
    policy,
  },
  paused: false,
  record: { epoch: 7, primary: "north", promotable: ["north", "south"] },
  diagnoses: [seen("region-unreachable", "south"), seen("unknown", "north"), seen("service-degraded", "north", "web")],
  candidates: [
    { region: "north", agentReachable: true, readyServices: ["orders", "web"] },
    { region: "south", agentReachable: false, readyServices: [] },
  ],
  lease: { seenAtMs: now - 100, ttlMs: 2_200 },
  ...over,
});

const lost: DecideState = { ...initialDecideState, name: "degraded", lostSinceMs: { south: now - 20_000 } };

test("a person takes the lost standby out though commits that wait for it look like a brown-out", () => {
  const { decision } = decide(lost, waiting({ maintenance: [{ region: "south", by: "ada" }] }));
  expect(decision).toMatchObject({ kind: "unprotect", rule: "out-of-service", from: "north", region: "south" });
});

test("so does the policy, when its time is over", () => {
  const { decision } = decide(lost, waiting({}, { dropSyncAfterMs: 10_000 }));
  expect(decision).toMatchObject({ kind: "unprotect", rule: "sync-dropped", region: "south" });
});

test("until then it is told for whom commits wait, and nobody is promoted", () => {
  const { decision } = decide(lost, waiting());
  expect(decision).toMatchObject({ kind: "hold", rule: "sync-waits" });
});

test("a primary that is down is another matter: its standby stays promotable", () => {
  const diagnoses = [seen("region-unreachable", "south"), seen("database-down", "north", "orders")];
  const { decision } = decide(lost, waiting({ diagnoses, maintenance: [{ region: "south", by: "ada" }] }));
  expect(decision.kind).not.toBe("unprotect");
});
