// Reads the files under world/, each once, when first asked. Their tests hold them to the shapes that the readers name.

import { readFileSync } from "node:fs";
import { CatalogError } from "./catalog-error.ts";

/** Throws CatalogError when the installation lacks the file. */
export function worldText(name: string): string {
  try {
    return readFileSync(new URL(`./world/${name}`, import.meta.url), "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CatalogError(`This installation of Leeward is not complete: world/${name} cannot be read (${why})`);
  }
}

/** The shape is this package's own; tests hold every file to it. */
export function worldJson<T>(name: string): T {
  return JSON.parse(worldText(name)) as T;
}

export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
