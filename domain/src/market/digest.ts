import { toHex } from "../evidence/bytes.js";
import { canonicalBytes } from "../evidence/canonical-json.js";
import type { Sha256, SlotResult } from "./types.js";

/** Lower-case hex SHA-256 of a result's RFC 8785 JSON without `digest`; its arrays are sorted already. */
export function digestOf(
  { prices, fills, trades, edges, utilities, totals }: Omit<SlotResult, "digest">,
  sha256: Sha256,
): string {
  return toHex(sha256(canonicalBytes({ prices, fills, trades, edges, utilities, totals })));
}
