import { z } from "zod";
import { instantMs, sha256Hex } from "../ledger/primitives.js";
import { signTestFault, signTestMeter, signTestState } from "./sign-test-types.js";

const part = z.strictObject({
  meter: signTestMeter,
  phase: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  state: signTestState,
  fault: signTestFault.exactOptional(),
  steps: z.int().min(0),
  signalToNoise: z.number(),
  errorProbability: z.number().min(0).max(1),
  text: z.string(),
  remedy: z.string(),
});

/**
 * A sign test that has ended, as a file keeps it: from the installer's command to the agent's first
 * start, and from one start of the agent to the next. It proves nothing to anybody else.
 */
export const signTestRecord = z.strictObject({
  v: z.literal(1),
  startedAt: instantMs,
  endedAt: instantMs,
  result: z.strictObject({
    state: signTestState,
    fault: signTestFault.exactOptional(),
    parts: z.array(part).max(6),
    errorProbability: z.number().min(0).max(1),
  }),
  /** Leaf hash of the agent's event that tells of it; absent until there is one. */
  event: sha256Hex.exactOptional(),
});
export type SignTestRecord = z.infer<typeof signTestRecord>;

/** Its name in the agent's data folder. */
export const signTestFile = "sign-test.json";
