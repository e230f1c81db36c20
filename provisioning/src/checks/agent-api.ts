import { CodedError, codeOf } from "@powershare/domain/errors";
import { z } from "zod";

const withinMs = 10_000;
const instant = z.iso.datetime();
const registers = z.object({ at: instant, importWh: z.int(), exportWh: z.int() });
const role = z.enum(["connection", "generator"]);

const part = z.object({
  state: z.enum(["ok", "degraded", "failed", "starting"]),
  code: z.string().nullable(),
  message: z.string().nullable(),
  remedy: z.string().nullable(),
});
export type AgentPart = z.infer<typeof part>;

/** What is read of `/api/overview`; the agent may say more. */
const overview = z.object({
  at: instant,
  participant: z.string(),
  slotSeconds: z.int(),
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
  wallet: z
    .object({
      coinsNano: z.string(),
      escrowNano: z.string(),
      energyWh: z.string(),
      cashMicro: z.record(z.string(), z.string()),
    })
    .nullable(),
  wiring: z
    .object({ state: z.string() })
    .optional()
    .catch(undefined)
    .describe("Whether the meters are wired as they are declared; not of every version"),
  health: z.object({
    bus: part,
    tpm: part,
    store: part.extend({ unsentPackages: z.int(), oldestUnsentAt: instant.nullable() }),
    ledger: part.extend({ height: z.int().nullable() }),
    clock: part.extend({
      quality: z.enum(["synchronised", "holdover", "unknown"]),
      keeper: z.string().nullable(),
    }),
  }),
  counts: z.object({
    readings: z.int(),
    rejected: z.int(),
    checkpoints: z.int(),
    intervals: z.int(),
    evidenceCommitted: z.int(),
  }),
});
export type AgentOverview = z.infer<typeof overview>;

/** What is read of `/api/status`. */
const status = z.object({
  meters: z.array(
    z.object({
      place: z.string(),
      role,
      profile: z.string(),
      meter: z.string().nullable(),
      at: instant.nullable(),
      ageMs: z.int().nullable(),
      silent: z.boolean(),
      activePowerW: z.number().nullable(),
      importWh: z.int().nullable(),
      exportWh: z.int().nullable(),
    }),
  ),
  epochs: z.array(
    z.object({
      meter: z.string(),
      follows: z.string(),
      state: z.enum(["pending", "confirmed", "withdrawn"]),
      asked: z.boolean(),
    }),
  ),
  sealedAt: instant.nullable(),
});
export type AgentStatus = z.infer<typeof status>;

/** What is read of `/api/meters`. */
const meters = z.object({
  pending: z.array(
    z.object({
      meter: z.string(),
      follows: z.string(),
      place: z.string(),
      role,
      reason: z.enum(["registers", "serial", "setup"]),
      closing: registers,
      opening: registers,
      now: registers.nullable(),
    }),
  ),
  rejected: z.array(
    z.object({
      meter: z.string(),
      code: z.string(),
      meaning: z.string(),
      to: instant,
      count: z.int(),
    }),
  ),
});
export type AgentMeters = z.infer<typeof meters>;
export type PendingEpoch = AgentMeters["pending"][number];

const refusal = z.object({ error: z.string(), code: z.string().optional() });

/**
 * The local API of the agent that runs on this machine.
 * All calls throw CodedError `device.agent-down` where none answers within 10 s, else with the agent's own code.
 */
export class AgentApi {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  overview = (signal?: AbortSignal): Promise<AgentOverview> =>
    this.#get("/api/overview", overview, signal);

  status = (signal?: AbortSignal): Promise<AgentStatus> => this.#get("/api/status", status, signal);

  meters = (signal?: AbortSignal): Promise<AgentMeters> => this.#get("/api/meters", meters, signal);

  /** A person's decision on a new epoch, with the opening registers that were shown. */
  async decide(
    { meter, opening: { importWh, exportWh } }: Pick<PendingEpoch, "meter" | "opening">,
    decision: "confirm" | "withdraw",
  ): Promise<void> {
    await this.#ask("/api/meters/decision", {
      method: "POST",
      headers: { "content-type": "application/json", origin: new URL(this.url).origin },
      body: JSON.stringify({ meter, decision, importWh, exportWh }),
    });
  }

  async #get<T>(path: string, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
    const text = await this.#ask(path, signal === undefined ? {} : { signal });
    const parsed = schema.safeParse(asJson(text));
    if (parsed.success) return parsed.data;
    throw new Error(`${this.url}${path} answers in another form: is it an agent of this version?`, {
      cause: parsed.error,
    });
  }

  async #ask(path: string, request: RequestInit): Promise<string> {
    const deadline = AbortSignal.timeout(withinMs);
    const { signal } = request;
    try {
      const response = await fetch(new URL(path, this.url), {
        ...request,
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
      const text = await response.text();
      if (response.ok) return text;
      throw refusalOf(response.status, text);
    } catch (error) {
      if (error instanceof CodedError) throw error;
      throw new CodedError("device.agent-down", `no agent answers at ${this.url}`, {
        cause: error,
      });
    }
  }
}

function refusalOf(status: number, text: string): CodedError {
  const parsed = refusal.safeParse(asJson(text));
  const { error, code } = parsed.success ? parsed.data : { error: `status ${status}` };
  return new CodedError(codeOf({ code }) ?? "device.agent-down", `the agent says: ${error}`);
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
