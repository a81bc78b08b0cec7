// `node src/manifest/write-schema.ts`: brings schema/leeward.schema.json up to date with schema.ts.

import { mkdirSync, writeFileSync } from "node:fs";
import { jsonSchemaText } from "./json-schema.ts";

const folder = new URL("../../schema/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("leeward.schema.json", folder), jsonSchemaText());
