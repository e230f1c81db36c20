import type { Reading } from "@powershare/domain/evidence";
import { z } from "zod";

const registers = z.strictObject({ at: z.iso.datetime(), importWh: z.int(), exportWh: z.int() });

/** What a person should know of the meters beside their values: the body of `GET /api/meters`. */
export const meterReport = z.strictObject({
  pending: z
    .array(
      z.strictObject({
        meter: z.string(),
        follows: z.string(),
        place: z.string(),
        role: z.enum(["connection", "generator"]),
        reason: z
          .enum(["registers", "serial", "setup"])
          .describe(
            "The registers fell and stayed, another meter answers, or ratio or wiring changed",
          ),
        closing: registers.describe("Last reading accepted before"),
        opening: registers.describe("First reading of those that agree with one another since"),
        now: registers.nullable().describe("Newest reading since, to compare with the display"),
      }),
    )
    .describe("New epochs that wait for a decision, oldest first"),
  rejected: z
    .array(
      z.strictObject({
        meter: z.string(),
        code: z.string(),
        meaning: z.string(),
        from: z.iso.datetime(),
        to: z.iso.datetime(),
        count: z.int(),
        importWh: z.int().nullable().describe("As the register of the newest one showed it"),
        exportWh: z.int().nullable(),
      }),
    )
    .describe(
      "Rejected readings, those in a row for one reason together; newest first, at most 20",
    ),
});
export type MeterReport = z.infer<typeof meterReport>;

/** Body of `POST /api/meters/decision`: what was shown, so that nothing else is decided. */
export const meterDecision = z.strictObject({
  meter: z.string().max(120),
  decision: z.enum(["confirm", "withdraw"]),
  importWh: z.int().min(0),
  exportWh: z.int().min(0),
});
export type MeterDecision = z.infer<typeof meterDecision>;

export interface RejectedStore {
  /** Newest first. */
  rejectedReadings(limit: number): Reading[];
}
