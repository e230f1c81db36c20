import type { StatusReport } from "../ports/status.js";

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
