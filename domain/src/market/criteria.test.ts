import { describe, expect, it } from "vitest";
import { orderRequest } from "../ledger/index.js";
import { coverNano, ordersFromCriteria } from "./index.js";

const tariff = { feedInMicroPerKwh: 50_000, retailMicroPerKwh: 250_000 };
const criteria = {
  sell: { enabled: true, minMicroPerKwh: 80_000 },
  buy: { enabled: true, maxMicroPerKwh: 220_000 },
};

describe("ordersFromCriteria", () => {
  it.each([
    [{ importWh: 0, exportWh: 500 }, "sell", 500, 80_000],
    [{ importWh: 120, exportWh: 500 }, "sell", 380, 80_000],
    [{ importWh: 500, exportWh: 120 }, "buy", 380, 220_000],
  ])("turns %o into %s of %i Wh at %i", (forecast, side, energyWh, limitMicroPerKwh) => {
    const request = ordersFromCriteria(criteria, forecast, tariff);
    expect(request).toEqual({ side, steps: [{ energyWh, limitMicroPerKwh }] });
    expect(orderRequest.parse(request)).toEqual(request);
  });

  it.each([
    ["a greedy buyer", { importWh: 9, exportWh: 0 }, 250_000],
    ["a generous seller", { importWh: 0, exportWh: 9 }, 50_000],
  ])("keeps the limit of %s at the utility's tariff", (_, forecast, limitMicroPerKwh) => {
    const extreme = {
      sell: { enabled: true, minMicroPerKwh: 0 },
      buy: { enabled: true, maxMicroPerKwh: 999_000_000 },
    };
    expect(ordersFromCriteria(extreme, forecast, tariff)?.steps).toEqual([
      { energyWh: 9, limitMicroPerKwh },
    ]);
  });

  it.each([
    ["nothing is expected", criteria, { importWh: 0, exportWh: 0 }],
    ["import and export are equal", criteria, { importWh: 70, exportWh: 70 }],
    [
      "selling is off",
      { ...criteria, sell: { ...criteria.sell, enabled: false } },
      { importWh: 10, exportWh: 20 },
    ],
    [
      "buying is off",
      { ...criteria, buy: { ...criteria.buy, enabled: false } },
      { importWh: 20, exportWh: 10 },
    ],
  ])("orders nothing where %s", (_, wishes, forecast) => {
    expect(ordersFromCriteria(wishes, forecast, tariff)).toBeNull();
  });
});

describe("coverNano", () => {
  it("is what all steps cost at their own limits", () => {
    expect(
      coverNano({
        steps: [
          { energyWh: 1000, limitMicroPerKwh: 200_000 },
          { energyWh: 500, limitMicroPerKwh: 100_000 },
        ],
      }),
    ).toBe(250_000_000n);
  });
});
