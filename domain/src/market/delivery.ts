import { sharesByLargestRemainder } from "../money/index.js";
import { at } from "./at.js";

/** What was sold to a neighbour before the slot. */
interface Contract {
  readonly seller: string;
  readonly buyer: string;
  readonly contractedWh: number;
}

/**
 * What was delivered of each contract: the lesser of what its seller and its buyer can account for.
 * A shortfall of either is shared over its contracts pro rata by largest remainder, equal remainders
 * in the sequence of the contracts.
 *
 * @param exportedWh - by participant, what the meters say; missing means nothing
 * @param importedWh - likewise
 */
export function deliver(
  contracts: readonly Contract[],
  exportedWh: ReadonlyMap<string, number>,
  importedWh: ReadonlyMap<string, number>,
): number[] {
  const sent = within(contracts, "seller", exportedWh);
  const received = within(contracts, "buyer", importedWh);
  return contracts.map((_, index) => Math.min(sent[index] ?? 0, received[index] ?? 0));
}

/** What one side's meters cover of each contract. */
function within(
  contracts: readonly Contract[],
  side: "seller" | "buyer",
  measuredWh: ReadonlyMap<string, number>,
): number[] {
  const coveredWh = contracts.map(({ contractedWh }) => contractedWh);
  for (const [participant, indices] of groupBy(contracts, side)) {
    const contractedWh = indices.map((index) => at(contracts, index).contractedWh);
    const totalWh = contractedWh.reduce((sum, energyWh) => sum + energyWh, 0);
    const missingWh = Math.max(0, totalWh - (measuredWh.get(participant) ?? 0));
    const shares = sharesByLargestRemainder(missingWh, contractedWh, (a, b) => a - b);
    indices.forEach((index, share) => {
      coveredWh[index] = (coveredWh[index] ?? 0) - (shares[share] ?? 0);
    });
  }
  return coveredWh;
}

function groupBy(
  contracts: readonly Contract[],
  side: "seller" | "buyer",
): ReadonlyMap<string, number[]> {
  const groups = new Map<string, number[]>();
  contracts.forEach((contract, index) => {
    const group = groups.get(contract[side]);
    if (group === undefined) groups.set(contract[side], [index]);
    else group.push(index);
  });
  return groups;
}
