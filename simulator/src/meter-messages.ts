import { z } from "zod";
import { faultKinds } from "./bus-faults.js";

const home = z.string();

/** What the demo asks of the process that holds the meters. */
export const meterCommand = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("open"),
    home,
    /** Number and seed by which the household is cast. */
    number: z.int().min(1),
    seed: z.string(),
    path: z.string(),
    logFile: z.string(),
  }),
  z.object({ kind: z.literal("unplug"), home }),
  z.object({ kind: z.literal("plug-in"), home }),
  z.object({
    kind: z.literal("faults"),
    home,
    plan: z.object({
      seed: z.string(),
      kinds: z.array(z.enum(faultKinds)),
      share: z.number().min(0).max(1),
    }),
  }),
  /** The true registers, now or at a moment of the last two hours. */
  z.object({
    kind: z.literal("registers"),
    home,
    place: z.enum(["connection", "generator"]),
    atMs: z.number().nullable(),
  }),
  z.object({ kind: z.literal("counts"), home }),
  /** An installer switches what is in the house. */
  z.object({
    kind: z.literal("switch"),
    home,
    switches: z.object({ heater: z.boolean(), generator: z.boolean(), quiet: z.boolean() }),
  }),
  /** The two meters' cables change places. */
  z.object({ kind: z.literal("swap"), home }),
]);
export type MeterCommand = z.infer<typeof meterCommand>;

export const meterRequest = z.object({ id: z.int(), command: meterCommand });

export const energyReply = z.object({ importWh: z.number().min(0), exportWh: z.number().min(0) });
export const countsReply = z.object({ requests: z.int(), gapViolations: z.int() });

/** A reply has either a value, perhaps none, or an error. */
export const meterReply = z.object({
  id: z.int(),
  value: z.unknown().optional(),
  error: z.string().optional(),
});
