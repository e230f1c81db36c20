import { type BusReport, busReport } from "../../ports/bus.js";
import type { Api } from "./routes.js";

export interface BusSources {
  readonly bus: () => BusReport;
}

/** How the meters answer, for those who look for what is wrong with a line. */
export function addBusRoutes(api: Api, { bus }: BusSources): void {
  const schema = {
    summary: "How each meter has answered since the start, and what was learned of it",
    response: { 200: busReport },
  };
  api.get("/api/bus", { schema }, async (_request, reply) => {
    return await reply.header("cache-control", "no-store").send(bus());
  });
}
