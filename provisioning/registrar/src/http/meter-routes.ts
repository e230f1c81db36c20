import { refusal } from "@powershare/domain/enrolment";
import { meterId } from "@powershare/domain/evidence";
import { ledgerEpoch, participantId } from "@powershare/domain/ledger";
import { z } from "zod";
import type { Operators } from "../operators.js";
import type { Registrar } from "../registrar.js";
import type { Api } from "./api.js";
import { bearerOf } from "./bearer.js";

const refusals = { "4xx": refusal, "5xx": refusal };
const seen = ledgerEpoch.pick({ closing: true, opening: true });

/** Meters that count anew: their households have confirmed, the operator has the last word. */
export function addMeterRoutes(
  api: Api,
  { registrar, operators }: { readonly registrar: Registrar; readonly operators: Operators },
): void {
  api.get(
    "/api/operator/meter-epochs",
    {
      schema: {
        summary: "New epochs of meters, asked for and confirmed",
        response: { 200: z.array(ledgerEpoch), ...refusals },
      },
    },
    async (request) => {
      operators.byToken(bearerOf(request, "enrolment.operator"));
      return [...(await registrar.meterEpochs())];
    },
  );
  api.post(
    "/api/operator/meter-epochs/confirm",
    {
      schema: {
        summary: "Confirms a new epoch, with the registers that the operator saw",
        body: seen.extend({ participant: participantId, meter: meterId }),
        response: { 200: z.object({ meter: meterId }), ...refusals },
      },
    },
    async (request) => {
      operators.byToken(bearerOf(request, "enrolment.operator"));
      await registrar.confirmMeterEpoch(request.body);
      return { meter: request.body.meter };
    },
  );
}
