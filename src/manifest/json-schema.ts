// The schema as editors read it. Draft 7, because that is what the YAML plug-ins of editors know.

import { z } from "zod";
import { manifestSchema } from "./schema.ts";

/** Text of schema/leeward.schema.json. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(manifestSchema, { target: "draft-7", io: "input", unrepresentable: "any" });
  return `${JSON.stringify({ ...schema, title: "Leeward manifest" }, null, 2)}\n`;
}
