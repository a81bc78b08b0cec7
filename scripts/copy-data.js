// Second half of the build: data files that modules read beside themselves go to the same place under dist/. The catalog's own are
// checked now and written as JSON, which is read a hundred times faster than YAML.

import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const catalog = "catalog/data";

cpSync("src", "dist", {
  recursive: true,
  filter: (from) =>
    !from.endsWith(".ts") &&
    !from.endsWith("tsconfig.json") &&
    !from.replaceAll("\\", "/").startsWith(`src/${catalog}`),
});

const { parseServiceType } = await import("../dist/catalog/load.js");
rmSync(`dist/${catalog}`, { recursive: true, force: true });
for (const file of globSync("**/*.yaml", { cwd: `src/${catalog}` })) {
  const type = parseServiceType(readFileSync(`src/${catalog}/${file}`, "utf8"), file);
  const target = `dist/${catalog}/${type.id}.json`;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, JSON.stringify(type));
}
