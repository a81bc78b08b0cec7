// Reads the catalog's data files, once, when first asked. They lie beside this module, in `data/`, in the sources as well as in
// the build. A file that is wrong is a fault of this installation, never of somebody's manifest, and is said as such.

import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Service } from "../core/model/system.ts";
import type { MethodSteps } from "../core/plan/method.ts";
import { CatalogError } from "./catalog-error.ts";
import { faultsOf } from "./faults.ts";
import { catalogIds, isCatalogId } from "./ids.ts";
import { placesIn } from "./place.ts";
import { type Method, type ServiceType, serviceType } from "./service-type.ts";

export { CatalogError } from "./catalog-error.ts";

const loaded = new Map<string, ServiceType>();

/** What Leeward knows of a type; undefined for a word that is none. Throws CatalogError. */
export function serviceTypeOf(id: string): ServiceType | undefined {
  if (!isCatalogId(id)) return undefined;
  const known = loaded.get(id);
  if (known !== undefined) return known;
  const type = readType(id);
  loaded.set(id, type);
  return type;
}

/** Every type that has a data file. Throws CatalogError. */
export function describedTypes(): readonly ServiceType[] {
  return catalogIds.flatMap((id) => serviceTypeOf(id) ?? []);
}

/** How this service exists in several regions: the method its manifest names, else its type's usual one. Undefined without one. */
export function methodOf(service: Service): Method | undefined {
  const type = serviceTypeOf(service.type);
  const wanted = service.replication?.method ?? type?.defaultMethod;
  return type?.methods.find((method) => method.id === wanted);
}

const noSteps: MethodSteps = { establish: [], leave: [], protect: [] };

/** What core/plan asks for. A service that people move contributes no steps. */
export function methodSteps(service: Service): MethodSteps {
  return methodOf(service)?.steps ?? noSteps;
}

/** Whether agents can move a service of this type themselves; all others are moved by people, after the catalog's own steps. */
export function isMovedByAgents(type: ServiceType): boolean {
  return type.methods.some((method) => method.steps !== undefined);
}

/** Text of a catalog file to a checked type. `file` is only for messages. Throws CatalogError with every fault at its place. */
export function parseServiceType(text: string, file: string): ServiceType {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new CatalogError(`${file} is not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = serviceType.safeParse(value);
  if (!result.success) throw broken(text, file, "does not have the shape of a catalog file", result.error.issues);
  const faults = faultsOf(result.data);
  if (faults.length > 0) throw broken(text, file, "contradicts itself or lacks a source", faults);
  return result.data;
}

type Wrong = { readonly path: readonly PropertyKey[]; readonly message: string };

function broken(text: string, file: string, what: string, faults: readonly Wrong[]): CatalogError {
  const placeOf = placesIn(text);
  const lines = faults.map(({ path, message }) => {
    const keys = path.map((key) => (typeof key === "number" ? key : String(key)));
    const { line, column } = placeOf(keys);
    return `\n  ${file}:${line}:${column} ${keys.join(".") || "the whole file"}: ${message}`;
  });
  return new CatalogError(`${file} ${what}:${lines.join("")}`);
}

/** In the build each type was checked when it was made and lies there as JSON; in the sources it is YAML, checked when it is read. */
function readType(id: string): ServiceType {
  const built = dataFile(`${id}.json`);
  if (built !== undefined) return JSON.parse(built.text) as ServiceType;
  const written = dataFile(`${id}.yaml`);
  if (written === undefined) {
    throw new CatalogError(`This installation of Leeward is not complete: it has no catalog file for ${id}`);
  }
  const type = parseServiceType(written.text, written.path);
  if (type.id !== id) throw new CatalogError(`${written.path} describes ${type.id}, where ${id} was expected`);
  return type;
}

function dataFile(name: string): { readonly text: string; readonly path: string } | undefined {
  const url = new URL(`./data/${name}`, import.meta.url);
  try {
    return { text: readFileSync(url, "utf8"), path: url.pathname };
  } catch (error) {
    if ((error as { readonly code?: string }).code === "ENOENT") return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw new CatalogError(
      `This installation of Leeward is not complete: its catalog file ${name} cannot be read (${why})`,
    );
  }
}
