import { instantAfter, operator, slotAt } from "../neighbourhood.js";
import { type Case, energy, evidence } from "./calls.js";

export const meteringCases: Case[] = [
  [
    "evidence.participant",
    "a neighbour's package",
    ({ ledger, h1, h2 }) => {
      ledger.at(slotAt(1));
      const sent = h2.household.evidence(h2.meter, [energy]);
      return evidence(h1, h1.household.device.sign(sent));
    },
  ],
  [
    "evidence.signature",
    "a package changed by the way",
    ({ ledger, h1 }) => {
      ledger.at(slotAt(1));
      const sent = h1.household.evidence(h1.meter, [energy]);
      return evidence(h1, {
        ...sent,
        intervals: sent.intervals.map((one) => ({ ...one, exportWh: 1_000 })),
      });
    },
  ],
  [
    "evidence.sequence",
    "an interval left out",
    ({ ledger, h1 }) => {
      ledger.at(slotAt(2));
      return evidence(
        h1,
        h1.household.seal(h1.household.intervals(h1.meter, [energy, energy]).slice(1)),
      );
    },
  ],
  [
    "evidence.counter",
    "a second package under the checkpoint of the first",
    async ({ ledger, h1 }) => {
      ledger.at(slotAt(2));
      const [first, second] = h1.household.intervals(h1.meter, [energy, energy]);
      if (first === undefined || second === undefined) throw new Error("no intervals");
      const one = h1.household.checkpoint({
        ...h1.household.statement(),
        ...h1.household.headsOf([first]),
        ...readingsOf(first),
      });
      const sent = h1.household.seal([first], one);
      await ledger.submit(h1.identity, "metering:SubmitEvidence", { package: sent });
      const again = h1.household.device.checkpoint(
        { ...one.statement, ...h1.household.headsOf([second]), ...readingsOf(second) },
        256n,
      );
      return evidence(h1, h1.household.seal([second], again));
    },
  ],
  [
    "evidence.meter",
    "a meter that is not registered",
    ({ ledger, h1 }) => {
      ledger.at(slotAt(1));
      const stranger = h1.interval(energy);
      return evidence(h1, h1.household.seal([{ ...stranger, meter: "eastron/sdm630:other" }]));
    },
  ],
  [
    "evidence.role",
    "a generator that says it is the connection point",
    ({ ledger, h1 }) => {
      ledger.at(slotAt(1));
      return evidence(h1, h1.household.seal([{ ...h1.interval(energy), role: "generator" }]));
    },
  ],
  [
    "evidence.alignment",
    "an interval between slots",
    ({ ledger, h1 }) => {
      ledger.at(slotAt(1));
      const interval = { ...h1.interval(energy), start: instantAfter(1) };
      return evidence(h1, h1.household.seal([interval]));
    },
  ],
  [
    "evidence.future",
    "an interval that has not ended",
    ({ ledger, h1 }) => {
      ledger.at(instantAfter(899));
      return evidence(h1, h1.household.evidence(h1.meter, [energy]));
    },
  ],
  [
    "market.slot-range",
    "evidence of no slot",
    () => ({ by: operator, name: "metering:ReadEvidence", args: [instantAfter(1)] }),
  ],
];
const readingsOf = (interval: { readings: { last: number } }) => ({
  readings: { first: 1, last: interval.readings.last },
});
