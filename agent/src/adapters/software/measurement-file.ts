import { readFileSync } from "node:fs";
import { z } from "zod";
import type { MeasurementStore } from "../../ports/measurer.js";
import { writeWhole } from "../disk/write-whole.js";

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
    keep: (kept) => writeWhole(path, JSON.stringify(kept), 0o600),
  };
}
