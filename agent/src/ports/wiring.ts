import { heldOutcome, placementOpened, placementStates } from "@powershare/domain/ledger";
import { fault, type SignTestRecord, signTestState, verdict } from "@powershare/domain/wiring";
import { z } from "zod";

/** What the rules make of the readings. */
export const wiringVerdict = z.strictObject({
  verdict,
  fault,
  rule: z.string().describe("Id of the rule that decided; none where nothing is wrong"),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  confidencePpm: z.int(),
  explanation: z.string().describe("In English"),
});
export type WiringVerdict = z.infer<typeof wiringVerdict>;

/** What the sign test has come to. */
export const signTest = z.strictObject({
  state: signTestState,
  fault: fault.nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  parts: z
    .array(
      z.strictObject({
        meter: z.enum(["connection", "generator"]),
        phase: z.int().min(1).max(3),
        state: signTestState,
        fault: fault.nullable(),
        steps: z.int(),
        powerW: z.number().nullable().describe("Now, + import"),
        text: z.string().describe("What is asked for, or what was found, in English"),
        remedy: z.string().describe("What a person does now; empty where nothing is to be done"),
      }),
    )
    .describe("Each phase of each meter"),
});
export type SignTestReport = z.infer<typeof signTest>;

/** What the page shows of the wiring, and with it of what is sold but not credited yet. */
export const wiringOverview = z.strictObject({
  state: z
    .enum(["resting", "watched", "unproven", "proven", "suspect", "held", "manipulated"])
    .describe(
      "resting: no site is configured and the ledger does not judge wiring; watched: only this agent does",
    ),
  verdict: wiringVerdict.nullable().describe("Null while the rules rest"),
  heldNano: z.string().describe("Coins for sales that wait for a proof"),
  missing: z
    .array(z.enum(["sign-test", "night", "day", "operator"]))
    .describe("What an unproven placement waits for; a sign test stands for night and day"),
  signTest: signTestState.nullable().describe("Of the newest test since the agent was started"),
  placements: z
    .array(
      z.strictObject({
        meter: z.string(),
        role: z.enum(["connection", "generator"]),
        epoch: z.int(),
        since: z.string(),
        opened: placementOpened,
        state: placementStates,
        rules: z.array(z.string()).describe("Of operator and ledger, where they are against it"),
      }),
    )
    .describe("Newest placement epoch of each meter, as the ledger has it"),
  held: z
    .array(
      z.strictObject({
        slot: z.string(),
        amountNano: z.string(),
        outcome: heldOutcome.nullable().describe("Null while it waits"),
      }),
    )
    .describe("Newest first, at most 20"),
});
export type WiringOverview = z.infer<typeof wiringOverview>;

export const wiringReport = wiringOverview.omit({ signTest: true }).extend({
  signTest: signTest.nullable(),
});
export type WiringReportBody = z.infer<typeof wiringReport>;

/** Where the newest sign test is kept over restarts. */
export interface SignTestStore {
  /** Undefined where there is none, or it cannot be read. */
  last(): SignTestRecord | undefined;
  keep(record: SignTestRecord): void;
}
