// The version of this installation, from its own package file.

import { readFileSync } from "node:fs";

export function productVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { readonly version: unknown }).version);
}
