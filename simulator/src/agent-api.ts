import { z } from "zod";

const part = z.object({
  state: z.enum(["ok", "degraded", "failed", "starting"]),
  code: z.string().nullable(),
  message: z.string().nullable(),
  remedy: z.string().nullable(),
});

/** What the simulator reads of an agent's `/api/overview`. */
export const agentOverview = z.object({
  at: z.string(),
  participant: z.string(),
  now: z.object({ gridPowerW: z.number(), stale: z.boolean() }).nullable(),
  trades: z.array(
    z.object({
      slot: z.string(),
      direction: z.enum(["sold", "bought"]),
      partner: z.string(),
      energyWh: z.int(),
      amountNano: z.string(),
      state: z.enum(["contracted", "settled"]),
    }),
  ),
  wiring: z.object({ state: z.string() }).optional(),
  wallet: z.object({ coinsNano: z.string(), escrowNano: z.string() }).nullable(),
  health: z.object({
    bus: part,
    tpm: part,
    store: part.extend({ unsentPackages: z.int() }),
    ledger: part,
  }),
  counts: z.object({
    readings: z.int(),
    rejected: z.int(),
    checkpoints: z.int(),
    intervals: z.int(),
    evidenceCommitted: z.int(),
  }),
});
export type AgentOverview = z.infer<typeof agentOverview>;

/** Asks an agent for its overview; undefined while it doesn't answer. */
export async function readOverview(
  port: number,
  withinMs = 2000,
): Promise<AgentOverview | undefined> {
  let response: Response;
  try {
    response = await fetch(`http://127.0.0.1:${port}/api/overview`, {
      signal: AbortSignal.timeout(withinMs),
    });
    if (!response.ok) return undefined;
    return agentOverview.parse(await response.json());
  } catch (error) {
    if (error instanceof z.ZodError) throw error;
    // Not up yet, or down: the caller asks again.
    return undefined;
  }
}
