import { unknownWiring, type WiringView } from "../app/wiring-view.js";
import type { StatusReport } from "../ports/status.js";
import type { SignTestReport } from "../ports/wiring.js";

/** For servers that are not asked for evidence. */
export const noEvidence = {
  proof: () => undefined,
  log: () => undefined,
  ocmf: async function* () {},
};

/** For servers that are not asked how the agent stands. */
export const noStatus: StatusReport = {
  at: "2026-06-01T12:00:00.000Z",
  meters: [],
  epochs: [],
  sealedAt: null,
};

/** For servers and pages of a household whose wiring nobody judges; a test that is started waits. */
export const noWiring: WiringView & { startSignTest(): SignTestReport } = {
  overview: () => unknownWiring,
  report: () => ({ ...unknownWiring, signTest: null }),
  startSignTest: () => ({
    state: "waiting",
    fault: null,
    startedAt: "2026-06-01T12:00:00.000Z",
    endedAt: null,
    parts: [],
  }),
};
