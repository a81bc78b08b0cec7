// Second half of the build: data files that modules read beside themselves go to the same place under dist/.

import { cpSync } from "node:fs";

cpSync("src", "dist", {
  recursive: true,
  filter: (from) => !from.endsWith(".ts") && !from.endsWith("tsconfig.json"),
});
