import { toHex, utf8 } from "../evidence/bytes.js";
import { canonicalJson } from "../evidence/canonical-json.js";
import type { Sha256, SlotResult } from "./types.js";

/** Lower-case hex SHA-256 of a result's RFC 8785 JSON without `digest`; its arrays are sorted already. */
export function digestOf(result: Omit<SlotResult, "digest">, sha256: Sha256): string {
  return toHex(sha256(utf8(canonicalResult(result))));
}

/**
 * What `canonicalJson` would write, several times as fast: a list of keys tells JSON.stringify both
 * which members to take and in what order, and the fields are all strings and safe integers.
 */
function canonicalResult(result: Omit<SlotResult, "digest">): string {
  const { edges, fills, prices, totals, trades, utilities } = result;
  const members = [
    ["edges", JSON.stringify(edges, edgeKeys)],
    ["fills", JSON.stringify(fills, fillKeys)],
    ["prices", canonicalJson(prices)],
    ["totals", JSON.stringify(totals, totalKeys)],
    ["trades", JSON.stringify(trades, tradeKeys)],
    ["utilities", JSON.stringify(utilities, utilityKeys)],
  ];
  return `{${members.map(([key, text]) => `"${key}":${text}`).join(",")}}`;
}

/** Sorted, as RFC 8785 has them. */
const edgeKeys = ["congestionNano", "downWh", "feeNano", "lossWh", "node", "upWh"];
const fillKeys = ["amountNano", "energyWh", "order"];
const totalKeys = ["feeNano", "lossWh", "residueNano", "tradedWh", "welfareNano"];
const tradeKeys = [
  "amountPaidNano",
  "amountReceivedNano",
  "buyer",
  "deliveredWh",
  "feeNano",
  "lossWh",
  "seller",
  "sentWh",
];
const utilityKeys = ["boughtWh", "id", "soldWh"];
