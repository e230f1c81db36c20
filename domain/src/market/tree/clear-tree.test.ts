import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { clear, parseOrders, verifyResult } from "../index.js";
import { order, slotOf } from "../testing/slots.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

describe("clear on a tree", () => {
  it("carries prices over edges with loss and fee, as reckoned by hand", () => {
    const edge = { parent: "root", lossPpm: 20_000, feeMicroPerKwh: 5000 };
    const slot = parseOrders(
      slotOf(
        [
          order("s", "sell", [[10_000, 60_000]], { node: "A" }),
          order("a", "buy", [[4000, 200_000]], { node: "A" }),
          order("b", "buy", [[8000, 180_000]], { node: "B" }),
        ],
        [],
        { grid: { nodes: [{ id: "root" }, { id: "A", ...edge }, { id: "B", ...edge }] } },
      ),
    );
    const result = clear(slot, sha256);
    expect(result.prices).toEqual({
      root: { buy: 171_500, sell: 171_500 },
      A: { buy: 163_070, sell: 163_070 },
      B: { buy: 180_000, sell: 180_000 },
    });
    expect(result.fills).toEqual([
      { order: "a", energyWh: 4000, amountNano: "652280000" },
      { order: "b", energyWh: 5762, amountNano: "1037160000" },
      { order: "s", energyWh: 10_000, amountNano: "1630700000" },
    ]);
    expect(result.edges).toEqual([
      { node: "A", upWh: 6000, downWh: 0, lossWh: 120, feeNano: "30000000", congestionNano: "0" },
      { node: "B", upWh: 0, downWh: 5762, lossWh: 118, feeNano: "28810000", congestionNano: "0" },
    ]);
    expect(result.trades).toEqual([
      {
        seller: "s",
        buyer: "a",
        sentWh: 4000,
        deliveredWh: 4000,
        amountPaidNano: "652280000",
        amountReceivedNano: "652280000",
        feeNano: "0",
        lossWh: 0,
      },
      {
        seller: "s",
        buyer: "b",
        sentWh: 6000,
        deliveredWh: 5762,
        amountPaidNano: "1037160000",
        amountReceivedNano: "978420000",
        feeNano: "58810000",
        lossWh: 238,
      },
    ]);
    expect(result.totals).toEqual({
      tradedWh: 10_000,
      welfareNano: "1178350000",
      lossWh: 238,
      feeNano: "58810000",
      residueNano: "-70000",
    });
    expect(verifyResult(slot, result, sha256)).toEqual([]);
  });
});
