import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";

/** Meters of several makers on one pseudo-terminal, and the scan over them; see provisioning/src/testing/scan-trial.ts. */
const trial = fileURLToPath(
  new URL("../../provisioning/dist/testing/scan-trial.js", import.meta.url),
);
const withinMs = 120_000;

const scanFigures = z.object({
  seconds: z.number(),
  units: z.string(),
  /** Pairs of baud rate and parity that were tried. */
  settings: z.int(),
  meters: z.int(),
  found: z.int(),
});
export type ScanFigures = z.infer<typeof scanFigures>;

/** Scans units 1 to 16 at the makers' settings, on a line with meters that answer at their own setting only. */
export async function benchScan(): Promise<ScanFigures> {
  const { stdout } = await promisify(execFile)(process.execPath, [trial], { timeout: withinMs });
  return scanFigures.parse(JSON.parse(stdout));
}
