import { writeFileSync } from "node:fs";
import { configJsonSchema } from "./json-schema.js";

writeFileSync(new URL("../../../docs/schemas/agent.json", import.meta.url), configJsonSchema());
