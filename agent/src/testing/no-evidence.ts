/** For servers that are not asked for evidence. */
export const noEvidence = {
  proof: () => undefined,
  log: () => undefined,
  ocmf: async function* () {},
};
