import { problem } from "../check-references.js";

/**
 * Energy as a number.
 *
 * @throws CodedError `market.too-large` where lossy lines make it more than integers are exact for
 */
export function exactWh(energyWh: bigint): number {
  if (energyWh > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw problem(
      "market.too-large",
      "$.grid",
      `lines lose so much that ${energyWh} Wh would be sent`,
    );
  }
  return Number(energyWh);
}
