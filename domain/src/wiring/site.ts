import { z } from "zod";
import { instantMs, instantSeconds } from "../ledger/primitives.js";

/** What is measured of a household. `consumption` may have been derived as production plus grid power. */
export const channel = z.enum(["production", "consumption", "grid", "import", "export"]);
export type Channel = z.infer<typeof channel>;

/**
 * A household's site, as `tamper replay` reads it and the agent's configuration states it. Members
 * that are not known are passed over, so that later versions may add some.
 */
export const site = z.object({
  /** The participant's id, or any name where readings of elsewhere are replayed. */
  householdId: z.string().min(1).max(100),
  /** Degrees; coarse is enough: a tenth of a degree is 24 s of sun time. */
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  /** Azimuth clockwise from north; null where it is not known. */
  pv: z
    .object({
      peakW: z.number().positive().max(10_000_000),
      azimuthDeg: z.number().min(0).max(360).nullable(),
      tiltDeg: z.number().min(0).max(90).nullable(),
    })
    .nullable(),
  /** `ac`: behind its own inverter. `dc`: behind the generator's, where the meter cannot tell it from the sun. */
  storage: z.enum(["none", "ac", "dc"]),
  ev: z.boolean(),
  phases: z.union([z.literal(1), z.literal(3)]),
  commissionedAt: z.union([instantSeconds, instantMs]),
  channels: z.array(channel).min(1),
  /** File with neighbours' production, relative to the site's. */
  neighbours: z.string().min(1).nullable(),
});
export type Site = z.infer<typeof site>;
