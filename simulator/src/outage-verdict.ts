import { z } from "zod";

const count = z.int().min(0);

/** What an outage on purpose showed. */
export const outageVerdict = z.strictObject({
  ok: z.boolean().describe("Nothing lost, nothing twice, and the path went on meanwhile"),
  peersDownSeconds: z.number(),
  killed: z.string().describe("The household whose agent was ended by SIGKILL meanwhile"),
  households: z.array(
    z.strictObject({
      id: z.string(),
      readingsWhileDown: z.int(),
      checkpointsWhileDown: z.int(),
      ledgerState: z.string().describe("What the household's page said of the ledger"),
    }),
  ),
  drainedSeconds: z.number().describe("From the peers' return until no package was waiting"),
  intervals: count.describe("Intervals on the ledger, over all meters"),
  faults: z.array(z.string()),
});
export type OutageVerdict = z.infer<typeof outageVerdict>;
