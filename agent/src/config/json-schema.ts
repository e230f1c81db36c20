import { z } from "zod";
import { configSchema } from "./schema.js";

/** JSON Schema of the configuration, for editors: what docs/schemas/agent.json must contain. */
export function configJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(configSchema, { io: "input" }), null, 2)}\n`;
}
