import type { EvidenceFigures } from "./bench-evidence.js";

/** The figures of evidence as rows of the report. */
export function evidenceRows({
  swtpm,
  tree,
  month,
  duties,
}: EvidenceFigures): { what: string; measured: string; budget: string }[] {
  const perSecond = (count: number): string => `${count.toLocaleString("en")} a second`;
  return [
    {
      what: "signatures by the reading key (swtpm: a processor's speed, not a chip's)",
      measured: perSecond(swtpm.signaturesPerSecond),
      budget: "",
    },
    {
      what: "checkpoints: counter and its certification (swtpm)",
      measured: perSecond(swtpm.checkpointsPerSecond),
      budget: "",
    },
    {
      what: `leaves added to a tree of ${tree.leaves.toLocaleString("en")}`,
      measured: perSecond(tree.leavesPerSecond),
      budget: "",
    },
    {
      what: "inclusion proofs made in it",
      measured: perSecond(tree.proofsPerSecond),
      budget: "",
    },
    {
      what: `verification of 30 days, ${month.readings.toLocaleString("en")} readings, ${month.megabytes} MB`,
      measured: `${perSecond(month.verifiedPerSecond)}; ${perSecond(month.readPerSecond)} with its JSON and schema`,
      budget: "≥ 50,000 a second",
    },
    ...duties.map(({ chip, auctionPercent, checksPercent }) => ({
      what: `share of its time that an ${chip} signs, one meter, auction and 2 min checks (computed)`,
      measured: `${auctionPercent} % and ${checksPercent} %`,
      budget: chip === "Infineon SLB9670" ? "≤ 0.2 % and ≤ 0.4 %" : "",
    })),
  ];
}
