import { parseEvent } from "@powershare/domain/ledger";
import { expect, test } from "vitest";
import { narrate } from "./narrate.js";

const at = "2026-06-01T12:00:20.123Z";
const slot = "2026-06-01T12:00:00Z";
const trade = { seller: "h1", buyer: "h2", priceMicroPerKwh: 163_000, amountNano: "2282000" };
const settled = { ...trade, contractedWh: 15, deliveredWh: 14, kind: "contract" };

test.for([
  [
    "ParticipantRegistered",
    { id: "h1", kind: "resident", status: "active" },
    ["h1 joined as a resident"],
  ],
  [
    "CoinsIssued",
    { changes: [], nonce: "issue-001", account: "bank", amountNano: "5000000000000" },
    ["5000.000000 coins were issued to bank"],
  ],
  [
    "CashToCoins",
    {
      changes: [],
      nonce: "exchange-1",
      seller: "bank",
      buyer: "h1",
      currency: "EUR",
      cashMicro: "20000000",
      rateMicro: "1000000",
      amountNano: "20000000000",
    },
    ["h1 bought 20.000000 coins from bank for 20.00 EUR"],
  ],
  [
    "HeldResolved",
    {
      changes: [],
      participant: "h1",
      sales: [
        {
          slot,
          outcome: "manipulated",
          payments: [{ from: "h2", reason: "trade", paidNano: "2282000", unpaidNano: "0" }],
        },
      ],
    },
    ["0.002282 coins held of h1 go back to who paid them (manipulated), slot 12:00:00"],
  ],
  [
    "OrderPlaced",
    {
      slot,
      participant: "h2",
      order: { side: "buy", steps: [{ energyWh: 6, limitMicroPerKwh: 220_000 }] },
    },
    ["h2 asks for 6 Wh at 0.220 coins/kWh or less, slot 12:00:00"],
  ],
  ["SlotSealed", { slot }, ["slot 12:00:00 is closed for orders"]],
  [
    "SlotCleared",
    { changes: [], slot, trades: [{ ...trade, energyWh: 15 }], excluded: [], digest: "00" },
    ["h1 and h2 agreed on 15 Wh at 0.163 coins/kWh, slot 12:00:00"],
  ],
  [
    "SlotCleared",
    { changes: [], slot, trades: [], excluded: [], digest: "00" },
    ["slot 12:00:00 found no match"],
  ],
  [
    "SlotSettled",
    { changes: [], slot, trades: [settled], energy: [], missing: [] },
    ["h1 sold 14 Wh to h2 at 0.163 coins/kWh, slot 12:00:00 settled"],
  ],
  [
    "SlotSettled",
    { changes: [], slot, trades: [{ ...settled, kind: "surplus" }], energy: [], missing: [] },
    ["h1 sold 14 Wh of surplus to h2 at 0.163 coins/kWh, slot 12:00:00 settled"],
  ],
  [
    "SlotSettled",
    { changes: [], slot, trades: [{ ...settled, deliveredWh: 0 }], energy: [], missing: [] },
    ["slot 12:00:00 settled without a trade"],
  ],
] as const)("%s is told as %3$j", ([name, payload, expected]) => {
  const event = parseEvent(name, { at, ...payload });
  expect(event && narrate(event)).toEqual(expected.map((sentence) => `12:00:20 ${sentence}`));
});
