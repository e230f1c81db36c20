import { firstSlot, instantAfter, slotAt } from "../neighbourhood.js";
import { type Case, energy, onSlot, place } from "./calls.js";

export const marketCases: Case[] = [
  ["market.slot-range", "an order between slots", ({ h1 }) => place(h1.identity, instantAfter(1))],
  [
    "ledger.arguments",
    "an order on a day that does not exist",
    ({ h1 }) => place(h1.identity, "2026-02-30T00:00:00Z"),
  ],
  [
    "market.slot-range",
    "an order for the slot that begins now",
    ({ ledger, h1 }) => {
      ledger.at(firstSlot);
      return place(h1.identity);
    },
  ],
  ["market.slot-range", "an order for tomorrow's next", ({ h1 }) => place(h1.identity, slotAt(96))],
  [
    "market.sealed",
    "an order after the seal",
    async ({ ledger, h1, h2 }) => {
      ledger.at(instantAfter(-60));
      await ledger.submit(h2.identity, "market:Seal", { slotStart: firstSlot });
      return place(h1.identity);
    },
  ],
  [
    "market.seal-time",
    "a seal before the gate",
    ({ ledger, h1 }) => {
      ledger.at(instantAfter(-61));
      return onSlot("market:Seal", h1.identity);
    },
  ],
  [
    "market.seal-time",
    "a seal after the start",
    ({ ledger, h1 }) => {
      ledger.at(instantAfter(1));
      return onSlot("market:Seal", h1.identity);
    },
  ],
  ["market.not-sealed", "clearing an open slot", ({ h1 }) => onSlot("market:Clear", h1.identity)],
  [
    "market.settled",
    "clearing after settlement",
    async ({ ledger, h1 }) => {
      ledger.at(instantAfter(900 + 600));
      await ledger.submit(h1.identity, "market:Settle", { slotStart: firstSlot });
      return onSlot("market:Clear", h1.identity);
    },
  ],
  [
    "market.not-cleared",
    "settling before the orders are matched",
    async ({ ledger, h1 }) => {
      ledger.at(instantAfter(-10));
      await ledger.submit(h1.identity, "market:Seal", { slotStart: firstSlot });
      ledger.at(instantAfter(900 + 600));
      return onSlot("market:Settle", h1.identity);
    },
  ],
  [
    "market.not-ended",
    "settling while energy flows",
    ({ ledger, h1 }) => {
      ledger.at(instantAfter(899));
      return onSlot("market:Settle", h1.identity);
    },
  ],
  [
    "market.evidence-missing",
    "settling without a neighbour's evidence, before the deadline",
    async ({ ledger, h1 }) => {
      ledger.at(instantAfter(900 + 599));
      await ledger.submit(h1.identity, "metering:SubmitEvidence", {
        package: h1.household.evidence(h1.meter, [energy]),
      });
      return onSlot("market:Settle", h1.identity);
    },
  ],
  [
    "market.slot-range",
    "settling what is older than 35 days",
    ({ ledger, h1 }) => {
      ledger.at("2026-07-06T12:15:01Z");
      return onSlot("market:Settle", h1.identity);
    },
  ],
];
