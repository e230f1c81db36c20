import type { EventPayload, MeterHead } from "@powershare/domain/ledger";
import type { EnergyWh } from "./house.js";

type Accepted = Pick<EventPayload<"EvidenceAccepted">, "firstSequence" | "lastSequence" | "meter">;

/** The ledger's evidence of each meter, as its events told it, in the order of commit. */
export class EvidenceBook {
  readonly #ranges = new Map<string, Accepted[]>();

  add(accepted: Accepted): void {
    const ranges = this.#ranges.get(accepted.meter) ?? [];
    ranges.push(accepted);
    this.#ranges.set(accepted.meter, ranges);
  }

  /** How many intervals of a meter the ledger accepted. */
  intervals(meter: string): number {
    return this.#of(meter).reduce((sum, r) => sum + r.lastSequence - r.firstSequence + 1, 0);
  }

  /** What is wrong with a meter's sequence; empty if every interval from 1 on is there exactly once, oldest first. */
  faults(meter: string): string[] {
    const faults: string[] = [];
    let next = 1;
    for (const { firstSequence, lastSequence } of this.#of(meter)) {
      if (firstSequence > next) {
        faults.push(`${meter}: intervals ${next} to ${firstSequence - 1} are missing`);
      }
      if (firstSequence < next) {
        const last = Math.min(lastSequence, next - 1);
        faults.push(`${meter}: intervals ${firstSequence} to ${last} came twice`);
      }
      next = Math.max(next, lastSequence + 1);
    }
    return faults;
  }

  #of(meter: string): readonly Accepted[] {
    return this.#ranges.get(meter) ?? [];
  }
}

/**
 * Compares a meter's registers on the ledger with the truth. The boundary value is the first good
 * reading at or after the boundary, so it lies between the true register at the boundary and the
 * one at the latest moment that such a reading may be of.
 *
 * @param atEnd true registers at the end of the last interval
 * @param atLatest true registers when the boundary's reading had to be there
 */
export function registerFaults(
  head: Pick<MeterHead, "meter" | "importWh" | "exportWh">,
  atEnd: EnergyWh,
  atLatest: EnergyWh,
): string[] {
  return (["importWh", "exportWh"] as const).flatMap((register) => {
    // The meter counts in 32-bit floats of kWh and the reading is rounded: at most 1 Wh below 8 MWh.
    const low = atEnd[register] - 1;
    const high = atLatest[register] + 1;
    const value = head[register];
    if (value >= low && value <= high) return [];
    return [
      `${head.meter}: ${register} is ${value} on the ledger, but the meter counted ${low.toFixed(1)} to ${high.toFixed(1)}`,
    ];
  });
}
