// What the providers' own tables say of single methods, held against what the catalog answers: the files and the arithmetic together.
// Azure: "Azure services that support multi-region deployments, by paired and nonpaired regions" (reliability documentation, 2026-05-20).

import { describe, expect, test } from "vitest";
import { methodsFor } from "../core/assess/methods.ts";
import type { Settings } from "../core/assess/numbers.ts";
import { knowledge } from "./knowledge.ts";
import { describedTypes } from "./load.ts";
import { allRegions } from "./regions.ts";
import { defaultsOf } from "./show.ts";

/** Switched off unless somebody asks for it, so the table's word holds only with it. */
const switchedOn: Readonly<Record<string, Settings>> = { "azure/backup": { crossRegionRestore: true } };

function verdictOf(type: string, method: string, from: string, to: string): string {
  const known = knowledge().serviceOf(type);
  if (known === undefined) throw new Error(`no type ${type}`);
  const settings = { ...defaultsOf(known), ...switchedOn[type] };
  const fits = methodsFor(known, [`azure/${from}`, `azure/${to}`], settings, knowledge());
  const fit = fits.find((one) => one.method.id === method);
  if (fit === undefined) throw new Error(`${type} has no method ${method}`);
  return fit.verdict;
}

/** Works between paired regions, and not from one that has no pair. */
const pairOnly: readonly (readonly [type: string, method: string])[] = [
  ["azure/backup", "cross-region-restore"],
  ["azure/blob-storage", "geo-redundant"],
  ["azure/data-lake-storage", "geo-redundant"],
  ["azure/files", "geo-redundant"],
  ["azure/cosmos-db", "periodic-backup"],
  ["azure/iot-hub", "provider-failover"],
  ["azure/key-vault", "microsoft-failover"],
  ["azure/aks", "backup-cross-region-restore"],
  ["azure/sql-database", "geo-restore"],
];

/** Works from a region that has no pair as well. */
const anywhere: readonly (readonly [type: string, method: string])[] = [
  ["azure/api-management", "multi-region-gateways"],
  ["azure/blob-storage", "object-replication"],
  ["azure/container-registry", "geo-replication"],
  ["azure/cosmos-db", "read-regions"],
  ["azure/event-hubs", "geo-replication"],
  ["azure/service-bus", "geo-replication"],
  ["azure/sql-database", "failover-group"],
  ["azure/sql-database", "active-geo-replication"],
  ["azure/site-recovery", "azure-to-azure"],
];

describe("Azure's own table", () => {
  test.each(pairOnly)("%s: %s needs a pair", (type, method) => {
    expect(verdictOf(type, method, "northeurope", "westeurope")).not.toBe("ruled-out");
    expect(verdictOf(type, method, "polandcentral", "swedencentral")).toBe("ruled-out");
    expect(verdictOf(type, method, "norwayeast", "swedencentral")).toBe("ruled-out");
  });

  test.each(anywhere)("%s: %s needs none", (type, method) => {
    expect(verdictOf(type, method, "northeurope", "westeurope")).not.toBe("ruled-out");
    expect(verdictOf(type, method, "polandcentral", "swedencentral")).not.toBe("ruled-out");
  });
});

test("a one-way pair carries storage out and not back", () => {
  expect(verdictOf("azure/blob-storage", "geo-redundant", "brazilsouth", "southcentralus")).not.toBe("ruled-out");
  expect(verdictOf("azure/blob-storage", "geo-redundant", "southcentralus", "brazilsouth")).toBe("ruled-out");
});

/** What AWS's own pages say of pairs of its regions, with the settings that the method needs given. */
const amazon: readonly (readonly [string, string, string, string, Settings, "possible" | "if" | "ruled-out"])[] = [
  ["aws/aurora", "global-database", "eu-north-1", "eu-central-1", {}, "possible"],
  ["aws/aurora", "global-database", "cn-north-1", "cn-northwest-1", {}, "possible"],
  ["aws/aurora", "global-database", "eu-north-1", "cn-north-1", {}, "ruled-out"],
  ["aws/s3", "cross-region-replication", "eu-north-1", "us-gov-west-1", { versioning: "Enabled" }, "ruled-out"],
  ["aws/s3", "cross-region-replication", "ap-south-1", "eu-west-1", { versioning: "Enabled" }, "possible"],
  ["aws/s3", "cross-region-replication", "ap-south-1", "ap-south-2", { versioning: "Enabled" }, "if"],
  ["aws/s3", "multi-region-access-point", "us-east-1", "mx-central-1", {}, "ruled-out"],
  ["aws/ecr", "replication", "eu-north-1", "eu-central-1", {}, "possible"],
  ["aws/ecr", "replication", "ap-south-1", "ap-south-2", {}, "if"],
  ["aws/ecr", "push-to-both", "eu-north-1", "cn-north-1", {}, "possible"],
  ["aws/dynamodb", "global-table-strong", "eu-west-1", "eu-central-1", { consistency: "MRSC" }, "if"],
  ["aws/dynamodb", "global-table-strong", "eu-north-1", "eu-central-1", { consistency: "MRSC" }, "ruled-out"],
  ["aws/load-balancer", "global-accelerator", "cn-north-1", "cn-northwest-1", {}, "ruled-out"],
];

test.each(amazon)("%s: %s from %s to %s", (type, method, from, to, settings, verdict) => {
  const known = knowledge().serviceOf(type);
  if (known === undefined) throw new Error(`no type ${type}`);
  const fits = methodsFor(known, [`aws/${from}`, `aws/${to}`], { ...defaultsOf(known), ...settings }, knowledge());
  expect(fits.find((fit) => fit.method.id === method)?.verdict).toBe(verdict);
});

test("nothing that belongs to no provider is ruled out because a manifest does not say something", () => {
  const silent = describedTypes().filter(({ id }) => !/^(azure|aws|gcp)\//.test(id));
  expect(silent.length).toBeGreaterThan(10);
  const out = silent.flatMap(({ id }) => {
    const type = knowledge().serviceOf(id);
    if (type === undefined) throw new Error(`no type ${id}`);
    const fits = methodsFor(type, ["site/attic", "site/cellar"], defaultsOf(type), knowledge());
    return fits.flatMap(({ method, verdict }) => (verdict === "ruled-out" ? [`${id}: ${method.id}`] : []));
  });
  expect(out).toEqual([]);
});

test("every type gives every method an answer with a reason, for regions of every sort and what they may lead to", () => {
  const world = knowledge();
  const sorts = new Map(
    allRegions().map((region) => [
      `${region.provider} ${region.pairIsMutual} ${region.zones} ${region.partition}`,
      region,
    ]),
  );
  expect(sorts.size).toBeGreaterThan(10);
  for (const { id } of describedTypes()) {
    const type = world.serviceOf(id);
    if (type === undefined) throw new Error(`no type ${id}`);
    for (const { at, pair } of sorts.values()) {
      for (const to of [pair === undefined ? "site/cellar" : `azure/${pair}`, "aws/eu-north-1", "unknown"]) {
        const fits = methodsFor(type, [at, to], defaultsOf(type), world);
        expect(fits).toHaveLength(type.methods.length);
        for (const { verdict, against, requires } of fits) {
          if (against.length > 0 !== (verdict === "ruled-out") || requires.length > 0 !== (verdict === "if")) {
            expect(`${id} from ${at} to ${to}: ${verdict}`).toBe("a verdict with its reason");
          }
        }
      }
    }
  }
});
