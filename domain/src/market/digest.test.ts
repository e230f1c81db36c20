import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../evidence/index.js";
import { digestOf } from "./digest.js";
import type { SlotResult } from "./index.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

describe("digestOf", () => {
  it("is the SHA-256 of the result's RFC 8785 JSON, whatever the order of its members", () => {
    const result: Omit<SlotResult, "digest"> = {
      prices: { "€": { sell: 2, buy: 1 }, A: null, "10": null, "9": null },
      fills: [{ order: 'o"1\u{1F600}', energyWh: 10000, amountNano: "1630700000" }],
      trades: [
        {
          seller: "p1\n",
          buyer: "p2",
          sentWh: 6000,
          deliveredWh: 5762,
          amountPaidNano: "3",
          amountReceivedNano: "2",
          feeNano: "1",
          lossWh: 238,
        },
      ],
      edges: [
        { node: "A", upWh: 6000, downWh: 0, lossWh: 120, feeNano: "7", congestionNano: "-8" },
      ],
      utilities: [{ id: "u1", soldWh: 1, boughtWh: 0 }],
      totals: {
        tradedWh: 10000,
        welfareNano: "5",
        lossWh: 238,
        feeNano: "7",
        residueNano: "-70000",
      },
    };
    const canonical = canonicalJson(result);
    expect(canonical).toContain('"fills":[{"amountNano":"1630700000","energyWh":10000,"order":');
    expect(digestOf(result, sha256)).toBe(createHash("sha256").update(canonical).digest("hex"));
  });
});
