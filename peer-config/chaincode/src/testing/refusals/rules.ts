import { firstSlot, operator, settings, TestResident, utility } from "../neighbourhood.js";
import { type Case, json, place, register } from "./calls.js";

export const ruleCases: Case[] = [
  ["ledger.arguments", "too few arguments", ({ h1 }) => ({ ...place(h1.identity), args: [] })],
  ["ledger.arguments", "not JSON", ({ h1 }) => place(h1.identity, firstSlot, "{")],
  [
    "ledger.arguments",
    "a fraction",
    ({ h1 }) =>
      place(
        h1.identity,
        firstSlot,
        '{"side":"sell","steps":[{"energyWh":0.5,"limitMicroPerKwh":1}]}',
      ),
  ],
  [
    "ledger.arguments",
    "a node that the grid does not have",
    () => register({ ...utility, id: "other-co", node: "attic" }),
  ],
  [
    "ledger.arguments",
    "a feed-in not below retail",
    () => register({ ...utility, id: "other-co", retailMicroPerKwh: 50_000 }),
  ],
  [
    "ledger.arguments",
    "a resident without a meter at the connection point",
    () => {
      const registration = new TestResident("h3").registration();
      return register({ ...registration, meters: registration.meters.slice(1) });
    },
  ],
  [
    "ledger.arguments",
    "a meter listed twice",
    () => {
      const registration = new TestResident("h3").registration();
      return register({
        ...registration,
        meters: [...registration.meters, ...registration.meters],
      });
    },
  ],
  ...[31, -31].map(
    (seconds): Case => [
      "ledger.clock",
      `a timestamp ${seconds} s from the peer's clock`,
      ({ ledger, h1 }) => ({
        ...place(h1.identity),
        timestamp: new Date(ledger.now.getTime() + seconds * 1000),
      }),
    ],
  ),
  [
    "ledger.settings-fixed",
    "another length of slots",
    () => ({
      by: operator,
      name: "participants:SetSettings",
      args: [json({ ...settings, slotSeconds: 60 })],
    }),
  ],
  [
    "access.microgrid",
    "another microgrid's rules",
    () => ({
      by: operator,
      name: "participants:SetSettings",
      args: [json({ ...settings, microgrid: "other" })],
    }),
  ],
];
