import { codeOf, remedyFor } from "@powershare/domain/errors";
import { z } from "zod";
import {
  type SignTestReport,
  signTest,
  type WiringReportBody,
  wiringReport,
} from "../../ports/wiring.js";
import type { Api } from "./routes.js";

export const signTestPath = "/api/wiring/sign-test";
const refusal = z.strictObject({ error: z.string(), code: z.string(), remedy: z.string() });

export interface WiringSources {
  readonly wiring: {
    /** @throws CodedError store.* */
    report(): WiringReportBody;
    /** @throws CodedError wiring.meters-silent */
    startSignTest(): SignTestReport;
  };
}

/** How the wiring stands, phase by phase, and the start of a sign test. */
export function addWiringRoutes(api: Api, { wiring }: WiringSources): void {
  const schema = {
    summary: "Verdict, placements, what is held, and the sign test's state with what to do next",
    response: { 200: wiringReport },
  };
  api.get("/api/wiring", { schema }, async (_request, reply) => {
    return await reply.header("cache-control", "no-store").send(wiring.report());
  });

  api.post(
    signTestPath,
    {
      schema: {
        summary: "Starts a sign test; one that runs goes on",
        response: { 202: signTest, 409: refusal },
      },
    },
    async (_request, reply) => {
      try {
        return await reply.code(202).send(wiring.startSignTest());
      } catch (error) {
        const code = codeOf(error);
        if (code === undefined || !(error instanceof Error)) throw error;
        return await reply.code(409).send({ error: error.message, code, remedy: remedyFor(code) });
      }
    },
  );
}
