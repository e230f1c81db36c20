/** Milliseconds of one ECDSA P-256 signature, as wolfTPM's README gives them for SPI at 33 to 43 MHz. */
const signMs = {
  "Infineon SLB9670": 68.9,
  "Infineon SLB9672": 35.6,
  ST33KTPM2X: 25.3,
  ST33TPHF2X: 42.3,
  "Nuvoton NPCT750": 56.4,
  "Nuvoton NPCT650": 190,
} as const;

/** One checkpoint a minute, and a quote. */
const checkpointsPerDay = 24 * 60;
const quotesPerDay = 1;
/** Ours for a package; the proposal's and the transaction's for every submission; the proposal's for a question. */
const perPackage = 1;
const perSubmission = 2;
const perQuestion = 1;
const households = 10;

export interface ChipDuty {
  readonly chip: keyof typeof signMs;
  /** Percent of the day that the chip signs: slots of 15 min with the auction, and checks every 2 min. */
  readonly auctionPercent: number;
  readonly checksPercent: number;
}

/** Signatures a day with the auction: evidence, an order, two questions, and the household's share of the slot's three steps. */
export function auctionSignatures(meters: number): number {
  const slot =
    meters * (perPackage + perSubmission) +
    perSubmission +
    2 * perQuestion +
    (3 * perSubmission) / households;
  return checkpointsPerDay + quotesPerDay + 96 * slot;
}

/** Signatures a day with checks every two minutes: evidence alone. */
export function checkSignatures(meters: number): number {
  return checkpointsPerDay + quotesPerDay + 720 * meters * (perPackage + perSubmission);
}

/**
 * How busy chips would be, from published times of a signature and the number of our commands: computed, not
 * measured. Increments of the counter and sessions without salt are left out: they need no operation on the curve.
 */
export function chipDuties(meters = 1): ChipDuty[] {
  const percent = (signatures: number, ms: number): number =>
    Number(((100 * signatures * ms) / 86_400_000).toFixed(3));
  return (Object.keys(signMs) as (keyof typeof signMs)[]).map((chip) => ({
    chip,
    auctionPercent: percent(auctionSignatures(meters), signMs[chip]),
    checksPercent: percent(checkSignatures(meters), signMs[chip]),
  }));
}
