import { CodedError } from "@powershare/domain/errors";
import type { EvidencePackage } from "@powershare/domain/evidence";
import type { Resident } from "./meter-epochs.js";

/**
 * Refuses energy that cannot have flowed. The bound is that of the agent's register guard, a fifth above the
 * limit and a minute for meters that write their registers once a minute, so that no reading it let pass
 * is refused here; registers are rounded at both ends. Where a clock stepped, an interval says nothing of how
 * long its energy took; such energy is never sold to neighbours.
 * @throws CodedError evidence.limit
 */
export function requireWithinLimit(
  resident: Resident,
  { meter, intervals }: EvidencePackage,
): void {
  const limitW = limitOf(resident, meter);
  if (limitW === undefined) return;
  for (const { sequence, start, end, importWh, exportWh, quality } of intervals) {
    if (quality === "unsynchronised") continue;
    const seconds = (Date.parse(end) - Date.parse(start)) / 1000 + 60;
    // Gaps can be long: whole numbers of any size, in W s × 10.
    const most = BigInt(limitW) * 12n * BigInt(seconds);
    const energyWh = Math.max(importWh, exportWh);
    if (BigInt(energyWh - 1) * 36_000n <= most) continue;
    throw new CodedError(
      "evidence.limit",
      `${meter} interval ${sequence}: ${energyWh} Wh in ${seconds - 60} s, its limit is ${limitW} W`,
    );
  }
}

/** A meter that counts anew keeps the limit of the one it follows. */
function limitOf({ meters, epochs = [] }: Resident, meter: string): number | undefined {
  const followed = epochs.reduceRight(
    (id, epoch) => (epoch.meter === id ? epoch.follows : id),
    meter,
  );
  return meters.find(({ id }) => id === followed)?.limitW;
}
