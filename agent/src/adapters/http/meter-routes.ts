import { codeOf, remedyFor } from "@powershare/domain/errors";
import type { RegisterValues } from "@powershare/domain/evidence";
import { z } from "zod";
import { type MeterReport, meterDecision, meterReport } from "../../ports/meters.js";
import type { Api } from "./routes.js";

export const decisionPath = "/api/meters/decision";
const refusal = z.strictObject({ error: z.string(), code: z.string(), remedy: z.string() });

export interface MeterSources {
  readonly meters: () => MeterReport;
  readonly decide: {
    /** @throws CodedError meter.epoch-unknown, meter.epoch-changed, store.* */
    decide(meter: string, decision: "confirm" | "withdraw", shown: RegisterValues): void;
  };
}

/** Rejected readings and new epochs of meters, and the decision on those. */
export function addMeterRoutes(api: Api, { meters, decide }: MeterSources): void {
  const schema = {
    summary: "Rejected readings, and meters that count anew and wait for a decision",
    response: { 200: meterReport },
  };
  api.get("/api/meters", { schema }, async (_request, reply) => {
    return await reply.header("cache-control", "no-store").send(meters());
  });

  api.post(
    decisionPath,
    {
      schema: {
        summary:
          "Confirms that a meter was reset, replaced or set up anew, or says that it was not",
        body: meterDecision,
        response: { 204: z.null(), 409: refusal, 503: refusal },
      },
    },
    async (request, reply) => {
      const { meter, decision, importWh, exportWh } = request.body;
      try {
        decide.decide(meter, decision, { importWh, exportWh });
        return await reply.code(204).send(null);
      } catch (error) {
        const code = codeOf(error);
        if (code === undefined || !(error instanceof Error)) throw error;
        const body = { error: error.message, code, remedy: remedyFor(code) };
        return await reply.code(code.startsWith("store.") ? 503 : 409).send(body);
      }
    },
  );
}
