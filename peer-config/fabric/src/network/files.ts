import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { z } from "zod";
import { FabricError } from "../errors.js";

/** Writes a file that only its owner may read (keys, secrets and what stands beside them), making its folder. */
export function writePrivate(file: string, contents: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, contents, { mode: 0o600 });
}

/** Replaces a JSON file in one step, so that a reader or a crash never meets half of it. */
export function writeJson(file: string, value: unknown): void {
  writePrivate(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/**
 * @returns contents of a JSON file of ours, or undefined where there is none
 * @throws FabricError `fabric.data-mismatch` where it holds something else
 */
export function readJson<Output>(file: string, schema: z.ZodType<Output>): Output | undefined {
  const text = readText(file);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new FabricError("fabric.data-mismatch", `${file} is not what this program wrote`, {
      cause,
    });
  }
}

/** @returns contents of a text file, or undefined where there is none */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
