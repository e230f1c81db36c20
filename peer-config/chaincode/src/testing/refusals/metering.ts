import { resetOf } from "../epochs.js";
import { instantAfter, operator, slotAt, type TestResident } from "../neighbourhood.js";
import { type Call, type Case, energy, evidence, json } from "./calls.js";

const ask = (by: TestResident, epoch: object): Call => ({
  by: by.identity,
  name: "metering:AskMeterEpoch",
  args: [json(epoch)],
});

export const meteringCases: Case[] = [
  ["evidence.meter", "a new epoch of a neighbour's meter", ({ h1, h2 }) => ask(h1, resetOf(h2))],
  [
    "participants.taken",
    "a new epoch under the id of a neighbour's meter",
    ({ h1, h2 }) => ask(h1, { ...resetOf(h1), meter: h2.meter }),
  ],
  [
    "metering.epoch-closing",
    "an epoch that ends below what was accepted",
    async ({ ledger, h1 }) => {
      ledger.at(slotAt(1));
      const sent = h1.household.evidence(h1.meter, [energy]);
      await ledger.submit(h1.identity, "metering:SubmitEvidence", { package: sent });
      return ask(h1, resetOf(h1, { importWh: 0, exportWh: 9 }));
    },
  ],
  [
    "metering.epoch-unknown",
    "a confirmation of other registers than were asked for",
    async ({ ledger, h1 }) => {
      const epoch = resetOf(h1);
      await ledger.submit(h1.identity, "metering:AskMeterEpoch", { epoch });
      const { meter, closing } = epoch;
      const opening = { importWh: 1, exportWh: 0 };
      const args = ["h1", meter, json(closing), json(opening)];
      return { by: operator, name: "metering:ConfirmMeterEpoch", args };
    },
  ],
  [
    "access.role",
    "a resident who confirms his own epoch",
    ({ h1 }) => {
      const { meter, closing, opening } = resetOf(h1);
      const args = ["h1", meter, json(closing), json(opening)];
      return { by: h1.identity, name: "metering:ConfirmMeterEpoch", args };
    },
  ],
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
