import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { Service } from "../core/model/system.ts";
import { catalogIds, isCatalogId } from "./ids.ts";
import { CatalogError, describedTypes, methodOf, methodSteps, parseServiceType, serviceTypeOf } from "./load.ts";

const text = (id: string): string => readFileSync(new URL(`./data/${id}.yaml`, import.meta.url), "utf8");
const service = (type: string, replication?: Service["replication"]): Service => ({
  name: "it",
  type,
  needs: [],
  replicas: { primary: 1, standby: 1 },
  health: { path: "/", everyMs: 200 },
  in: {},
  ...(replication === undefined ? {} : { replication }),
});

const folder = new URL("./data/", import.meta.url);
const describedIds = globSync("**/*.yaml", { cwd: folder }).map((file) =>
  file.replaceAll("\\", "/").replace(/\.yaml$/, ""),
);

test("every id is listed once and has a data file, and every data file is of an id", () => {
  expect(new Set(catalogIds).size).toBe(catalogIds.length);
  expect(catalogIds.length).toBe(73);
  expect(describedIds.toSorted()).toEqual([...catalogIds].sort());
  expect(isCatalogId("postgres")).toBe(false);
});

test("every data file loads and says what it is", () => {
  expect(
    describedTypes()
      .map((type) => type.id)
      .sort(),
  ).toEqual(describedIds.toSorted());
  expect(serviceTypeOf("azure/no-such-thing")).toBeUndefined();
});

test("a switch of a database fences before it promotes, and proves a write after users have come", () => {
  const leave = methodSteps(service("postgresql")).leave;
  expect(leave.map((step) => `${step.slot}: ${step.action} at ${step.at}, ${step.when}`)).toEqual([
    "fence: fence at old, always",
    "catch-up: await-position at new, graceful",
    "take-over: promote at new, always",
    "after-traffic: verify-write at new, always",
  ]);
});

test("a worker stops in the old region before it starts in the new one, a web service starts first", () => {
  const order = (type: string, when: "graceful" | "forced"): string[] =>
    methodSteps(service(type))
      .leave.filter((step) => step.when === "always" || step.when === when)
      .map((step) => `${step.slot}: ${step.action} at ${step.at}`);
  expect(order("process", "graceful")).toEqual([
    "prepare: scale-standby at old",
    "after-traffic: scale-primary at new",
  ]);
  expect(order("process", "forced")).toEqual(["fence: scale-standby at old", "after-traffic: scale-primary at new"]);
  for (const when of ["graceful", "forced"] as const) {
    expect(order("http", when)).toEqual(["prepare: scale-primary at new", "after-traffic: scale-standby at old"]);
  }
});

test("no forced switch waits for the old region before users come: it may be gone", () => {
  for (const id of describedIds) {
    const waitedFor = methodSteps(service(id)).leave.filter(
      (step) => step.when !== "graceful" && step.slot !== "fence" && step.slot !== "after-traffic",
    );
    expect(waitedFor.filter((step) => step.at === "old")).toEqual([]);
  }
});

test("the manifest's method is taken where it names one, the type's usual one where not", () => {
  expect(methodOf(service("postgresql", { method: "streaming", mode: "sync" }))?.id).toBe("streaming");
  expect(methodOf(service("http"))?.id).toBe("replicas");
  expect(methodOf(service("postgresql", { method: "pigeon", mode: "async" }))).toBeUndefined();
  expect(methodSteps(service("no-such-thing"))).toEqual({ establish: [], leave: [], protect: [] });
});

test("a broken data file is said to be broken, with its name and the place", () => {
  const broken = { ...parse(text("http")), scales: "often" };
  expect(() => parseServiceType(JSON.stringify(broken), "http.yaml")).toThrow(CatalogError);
  expect(() => parseServiceType(JSON.stringify(broken), "http.yaml")).toThrow(
    /^http\.yaml does not have .*\n {2}http\.yaml:1:\d+ scales: /,
  );
  expect(() => parseServiceType("a: [", "http.yaml")).toThrow(/^http\.yaml is not YAML/);
  const lost = { ...parse(text("http")), defaultMethod: "elsewhere" };
  expect(() => parseServiceType(JSON.stringify(lost), "http.yaml")).toThrow(/defaultMethod names elsewhere/);
});

test("two steps that would have the same id are refused", () => {
  const twice = parse(text("http"));
  twice.methods[0].steps.establish.push(twice.methods[0].steps.establish[0]);
  expect(() => parseServiceType(JSON.stringify(twice), "http.yaml")).toThrow(/compute\.start@new stands here twice/);
});
