import { fault, verdict } from "@powershare/domain/wiring";
import { z } from "zod";

const instant = z.string().meta({ description: "UTC instant, ISO 8601 with Z" });

/** What `tamper replay --json` prints. */
export const replayResult = z.object({
  verdicts: z
    .array(
      z.object({
        at: instant.describe("end of the last row used"),
        verdict,
        fault,
        rule: z.string(),
        from: instant,
        to: instant,
        confidence: z.number().min(0).max(1),
        explanation: z.string(),
      }),
    )
    .describe("where the verdict changed"),
  epochs: z
    .array(
      z.object({
        from: instant,
        to: instant.describe("the end of the readings where it still lasts"),
        state: z.enum(["unproven", "proven"]),
        reason: z.string(),
      }),
    )
    .describe("between times at which cables could have been changed unseen"),
  final: z.object({ verdict, fault }).describe("the verdict at the end"),
  days: z.number().describe("from the first row's start to the last one's end"),
  coverage: z
    .number()
    .min(0)
    .max(1)
    .describe("share of that time in which the site's channels were measured, on their mean"),
});
export type ReplayResult = z.infer<typeof replayResult>;
