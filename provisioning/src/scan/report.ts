import { z } from "zod";
import { isAmbiguous } from "./identify.js";
import { settingName } from "./line-settings.js";
import { shownQuantities } from "./physics.js";
import type { DamagedUnit, FoundMeter, Progress } from "./scan.js";
import { placeOf } from "./scan.js";

/** A line that `powershare scan` prints for each meter; fields may be added. */
export const scanLineSchema = z.object({
  /** Null over TCP, where only the gateway knows. */
  baud: z.int().nullable(),
  parity: z.enum(["none", "even", "odd"]).nullable(),
  unit: z.int().min(0).max(255),
  /** The profile that fits best; null where a device answers that no profile fits. */
  profile: z.string().nullable(),
  serialNumber: z.string().nullable(),
  /** Live values to compare with the display, by quantity. */
  values: z.record(z.string(), z.union([z.number(), z.string()])),
  identifiedBy: z.enum(["model code", "SunSpec model", "physics"]).nullable(),
  /** The first two candidates fit equally well: only the type on the meter tells. */
  ambiguous: z.boolean(),
  /** All profiles that fit, best first, and why. */
  candidates: z.array(z.object({ profile: z.string(), by: z.string(), reason: z.string() })),
});

/** A meter as one line of JSON. */
export function meterLine({ setting, unit, candidates }: FoundMeter): string {
  const [best] = candidates;
  const line: z.infer<typeof scanLineSchema> = {
    baud: setting?.baudRate ?? null,
    parity: setting?.parity ?? null,
    unit,
    profile: best?.profile.id ?? null,
    serialNumber: best?.serialNumber ?? null,
    values: best?.values ?? {},
    identifiedBy: best?.by ?? null,
    ambiguous: isAmbiguous(candidates),
    candidates: candidates.map(({ profile, by, reason }) => ({ profile: profile.id, by, reason })),
  };
  return JSON.stringify(line);
}

/** What an installer compares with the meter's display. */
export function meterText(meter: FoundMeter): string {
  const { setting, unit, candidates } = meter;
  const [best, ...others] = candidates;
  const place = placeOf(setting, unit);
  if (!best) return `${place}: answers, but no profile fits; --record writes a draft of one`;
  const { profile, by, reason, serialNumber, values } = best;
  const shown = shownQuantities
    .filter((quantity) => quantity in values)
    .map((quantity) => `    ${quantity.padEnd(22)} ${String(values[quantity])}`);
  const rivals = others.map((each) => `    or ${each.profile.id}, by ${each.by}: ${each.reason}`);
  const doubt = isAmbiguous(candidates)
    ? ["  its registers do not tell which of these it is; see the type on the meter:"]
    : others.map(() => "  less likely:").slice(0, 1);
  return [
    `${place}: ${profile.id} (${profile.maker} ${profile.model}), serial number ${serialNumber ?? "not told"}`,
    `  by ${by}: ${reason}`,
    ...doubt,
    ...rivals,
    "  compare with its display:",
    ...shown,
  ].join("\n");
}

export function damagedText({ setting, unit }: DamagedUnit): string {
  return (
    `${placeOf(setting, unit)}: something answers, but every frame is damaged: ` +
    "two meters may have this unit id (disconnect one), or wires or termination are bad"
  );
}

export function progressText({ setting, done, total, remainingS }: Progress): string {
  const where = setting ? `${settingName(setting)}: ` : "";
  const rest = remainingS >= 120 ? `${Math.ceil(remainingS / 60)} min` : `${remainingS} s`;
  return `${where}${Math.floor((100 * done) / total)} %, about ${rest} left`;
}
