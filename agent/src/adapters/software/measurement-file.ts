import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { MeasurementStore } from "../../ports/measurer.js";

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
const measurement = z.strictObject({
  software: z.strictObject({ version: z.string(), bundle: sha256Hex, configuration: sha256Hex }),
  pcrBefore: sha256Hex,
  pcr: sha256Hex,
});

/** The last measurement, in a small file; one that cannot be read counts as none. */
export function measurementFile(path: string): MeasurementStore {
  return {
    last() {
      try {
        return measurement.parse(JSON.parse(readFileSync(path, "utf8")));
      } catch {
        return undefined;
      }
    },
    keep(kept) {
      const unfinished = `${path}.tmp`;
      const file = openSync(unfinished, "w", 0o600);
      try {
        writeSync(file, JSON.stringify(kept));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(unfinished, path);
      const folder = openSync(dirname(path), "r");
      try {
        fsyncSync(folder);
      } finally {
        closeSync(folder);
      }
    },
  };
}
