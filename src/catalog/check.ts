// `node src/catalog/check.ts FILE...`: whoever writes a catalog file is told everything that is wrong with it, each at its place.
// Exit code 0: all may be used; 2: not.

import { readFileSync } from "node:fs";
import { CatalogError, parseServiceType } from "./load.ts";

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write("Name at least one catalog file: node src/catalog/check.ts FILE...\n");
  process.exitCode = 2;
}
for (const file of files) {
  try {
    const type = parseServiceType(readFileSync(file, "utf8"), file);
    const expected = `${type.id}.yaml`;
    if (!file.replaceAll("\\", "/").endsWith(`/${expected}`) && file !== expected) {
      throw new CatalogError(`${file} describes ${type.id}, which belongs into data/${expected}`);
    }
    process.stdout.write(
      `${file}: ${type.name}, ${type.methods.length} methods, ${type.facts.length} facts; nothing wrong\n`,
    );
  } catch (error) {
    process.exitCode = 2;
    process.stderr.write(`${error instanceof CatalogError ? error.message : `${file}: ${String(error)}`}\n`);
  }
}
