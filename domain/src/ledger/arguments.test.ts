import { expect, test } from "vitest";
import { codeOf } from "../errors/index.js";
import { encodeArgs, parseArgs, parseReturns } from "./arguments.js";
import { parseEvent } from "./events.js";
import { transactions } from "./transactions.js";
import { applyChange, emptyWallet } from "./wallets.js";

const order = { side: "sell" as const, steps: [{ energyWh: 500, limitMicroPerKwh: 80_000 }] };
const slotStart = "2026-06-01T12:00:00Z";

test("arguments travel as strings, in the order of the table, and come back the same", () => {
  const texts = encodeArgs("market:PlaceOrder", { slotStart, order });
  expect(texts).toEqual([slotStart, JSON.stringify(order)]);
  expect(parseArgs("market:PlaceOrder", texts)).toEqual({ slotStart, order });
});

test.each([
  ["too few", [slotStart], "takes 2 arguments (slotStart, order), got 1"],
  ["too many", [slotStart, "{}", "x"], "got 3"],
  ["not an instant", ["noon", JSON.stringify(order)], "slotStart: a UTC instant"],
  ["not JSON", [slotStart, "{"], "order: not JSON"],
  ["unknown field", [slotStart, JSON.stringify({ ...order, id: 1 })], "order: Unrecognized key"],
  [
    "a fraction",
    [slotStart, '{"side":"buy","steps":[{"energyWh":1.5,"limitMicroPerKwh":1}]}'],
    "order.steps.0.energyWh",
  ],
])("arguments are refused with the path and the reason: %s", (_case, texts, message) => {
  let refusal: unknown;
  try {
    parseArgs("market:PlaceOrder", texts);
  } catch (error) {
    refusal = error;
  }
  expect(codeOf(refusal)).toBe("ledger.arguments");
  expect(String(refusal)).toContain(message);
});

test.each(["1.5", "-1", "01", "1e3", "", " 1", "0x10"])("%j is no amount", (amountNano) => {
  expect(() => parseArgs("wallets:IssueCoins", ["nonce-0001", "bank", amountNano])).toThrow();
});

test("an answer is parsed by its schema", () => {
  expect(parseReturns("metering:ReadMeter", "null")).toBeNull();
  expect(() => parseReturns("wallets:IssueCoins", '{"effect":"perhaps"}')).toThrow();
});

test("an event of a newer ledger is no error; a known one that does not fit is", () => {
  expect(parseEvent("SlotDreamt", {})).toBeUndefined();
  expect(parseEvent("constructor", {})).toBeUndefined();
  expect(() => parseEvent("SlotSealed", { slot: slotStart })).toThrow();
});

test("every transaction that submits is open to someone, and every evaluation has no event", () => {
  for (const [name, transaction] of Object.entries(transactions)) {
    expect(transaction.roles.length, name).toBeGreaterThan(0);
    if (transaction.kind === "evaluate") expect("event" in transaction, name).toBe(false);
  }
});

test("changes add up to the wallet, and what comes to zero leaves no trace", () => {
  const first = applyChange(emptyWallet("h1"), {
    participant: "h1",
    coinsNano: "7",
    cashMicro: { EUR: "5", CHF: "1" },
    owedNano: { u1: "3" },
  });
  const second = applyChange(first, {
    participant: "h1",
    coinsNano: "-7",
    energyWh: "-2",
    cashMicro: { CHF: "-1" },
    owedNano: { u1: "-3" },
  });
  expect(second).toEqual({ ...emptyWallet("h1"), energyWh: "-2", cashMicro: { EUR: "5" } });
});
