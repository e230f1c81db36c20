import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { generatedDocs } from "./generated-docs.js";
import { say } from "./output.js";

const docs = new URL("../../docs/", import.meta.url);

for (const [path, content] of generatedDocs()) {
  const file = fileURLToPath(new URL(path, docs));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  say(`docs/${path}`);
}
