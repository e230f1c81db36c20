import { z } from "zod";

/** How the agent stands, for who stands at the cabinet: the body of `GET /api/status`. */
export const statusReport = z.strictObject({
  at: z.iso.datetime(),
  meters: z
    .array(
      z.strictObject({
        place: z.string().describe("Bus and unit id"),
        role: z.enum(["connection", "generator"]),
        profile: z.string(),
        meter: z.string().nullable().describe("Null until the meter was read"),
        at: z.iso.datetime().nullable().describe("Of the newest accepted reading"),
        ageMs: z.int().nullable(),
        silent: z.boolean().describe("It did not answer when it was asked last"),
        activePowerW: z.number().nullable().describe("+ import, − export"),
        importWh: z.int().nullable(),
        exportWh: z.int().nullable(),
      }),
    )
    .describe("All that are configured"),
  epochs: z
    .array(
      z.strictObject({
        meter: z.string(),
        follows: z.string(),
        state: z.enum(["pending", "confirmed", "withdrawn"]),
        asked: z.boolean().describe("Whether the ledger's operator was asked to confirm it too"),
      }),
    )
    .describe("Meters that count anew, decided on or not, oldest first"),
  sealedAt: z.iso.datetime().nullable().describe("When the newest checkpoint was made"),
});
export type StatusReport = z.infer<typeof statusReport>;
