import { type StatusReport, statusReport } from "../../ports/status.js";
import type { Api } from "./routes.js";

export interface StatusSources {
  /** @throws CodedError store.* */
  readonly status: () => StatusReport;
}

/** How the agent stands; for `powershare status`, `doctor` and `replace-meter`. */
export function addStatusRoutes(api: Api, { status }: StatusSources): void {
  const schema = {
    summary: "Each meter's newest values, epochs of meters, age of the newest checkpoint",
    response: { 200: statusReport },
  };
  api.get("/api/status", { schema }, async (_request, reply) => {
    return await reply.header("cache-control", "no-store").send(status());
  });
}
