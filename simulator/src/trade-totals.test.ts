import { expect, test } from "vitest";
import { TradeTotals } from "./trade-totals.js";

const trade = (
  seller: string,
  buyer: string,
  deliveredWh: number,
  kind: "contract" | "surplus",
) => ({
  seller,
  buyer,
  contractedWh: 10,
  deliveredWh,
  priceMicroPerKwh: 100_000,
  amountNano: String(deliveredWh * 100_000),
  kind,
});

test("a seller and a buyer are one trade per slot, and an undelivered one is none", () => {
  const totals = new TradeTotals();
  totals.add({
    trades: [
      trade("h1", "h2", 6, "contract"),
      trade("h1", "h2", 1, "surplus"),
      trade("h1", "h3", 2, "surplus"),
      trade("h3", "h2", 0, "contract"),
    ],
  });
  totals.add({ trades: [trade("h1", "h2", 5, "contract")] });
  totals.add({ trades: [] });

  expect(totals.settledTrades).toBe(3);
  expect(totals.energyWh).toBe(14);
  expect(totals.amountNano).toBe(1_400_000n);
  expect([totals.soldWh("h1"), totals.boughtWh("h2"), totals.boughtWh("h3")]).toEqual([14, 12, 2]);
  expect([totals.soldWh("h2"), totals.soldWh("nobody")]).toEqual([0, 0]);
});
