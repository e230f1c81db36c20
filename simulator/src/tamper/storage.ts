import type { Row, Site } from "@powershare/domain/wiring";
import { Battery } from "../battery.js";
import type { SeededRandom } from "../random.js";
import { flowsOf, withFlows } from "./energy.js";
import { everyRow, measuring, type Variant } from "./injection.js";

/** A home's battery, and in proportion that of a site that is larger than homes. */
function capacityWhFor({ pv }: Site, random: SeededRandom): number {
  return random.between(5000, 10_000) * Math.max(1, (pv?.peakW ?? 0) / 20_000);
}

/** Local hour by the sun, in [0, 24). */
function solarHour(row: Row, longitude: number): number {
  return (((row.startMs / 3_600_000 + longitude / 15) % 24) + 24) % 24;
}

/** A battery that nobody declared is charged from the grid at night; what it gives is counted as production. */
function soldAsSolar(from: number, to: number): Variant["inject"] {
  return (rows, index, random, site) => {
    const capacityWh = capacityWhFor(site, random);
    const chargeW = capacityWh / 5;
    const dischargeW = (0.9 * capacityWh) / (to - from);
    return everyRow(() => (row) => {
      const { productionWh, gridWh } = flowsOf(row);
      const hour = solarHour(row, site.longitude);
      const hours = row.seconds / 3600;
      if (hour < 5) return withFlows(row, { productionWh, gridWh: gridWh + chargeW * hours });
      if (hour < from || hour >= to) return row;
      const givenWh = dischargeW * hours;
      return withFlows(row, { productionWh: productionWh + givenWh, gridWh: gridWh - givenWh });
    })(rows, index, random, site);
  };
}

export const storageAsSolar: readonly Variant[] = [
  { name: "evening", applies: measuring(["production"]), inject: soldAsSolar(17, 21) },
  { name: "daytime", applies: measuring(["production"]), inject: soldAsSolar(9, 16) },
];

/**
 * A declared battery at honest work: it takes surplus and gives into the load. Behind the generator's
 * inverter (`dc`) it is part of what the generator's meter counts.
 */
export function withStorage(
  rows: readonly Row[],
  kind: Exclude<Site["storage"], "none">,
  random: SeededRandom,
  site: Site,
): Row[] {
  const capacityWh = capacityWhFor(site, random);
  const spec = { capacityWh, powerW: capacityWh / 3, efficiency: 0.9, storedWh: 0 };
  const battery = new Battery(spec);
  return rows.map((row) => {
    const { productionWh, gridWh } = flowsOf(row);
    const hours = row.seconds / 3600;
    const chargedWh = battery.step(-gridWh / hours, hours) * hours;
    if (kind === "ac")
      return { ...withFlows(row, { productionWh, gridWh: gridWh + chargedWh }), ...loadOf(row) };
    // The generator's inverter charges from its own panels only.
    return withFlows(row, { productionWh: productionWh - chargedWh, gridWh: gridWh + chargedWh });
  });
}

/** A measured load does not change with a battery beside it. */
function loadOf({ consumptionWh }: Row): { consumptionWh?: number } {
  return consumptionWh === undefined ? {} : { consumptionWh };
}
