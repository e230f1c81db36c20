import type { Row } from "@powershare/domain/wiring";
import type { SeededRandom } from "../random.js";
import { flowsOf, withFlows } from "./energy.js";

const dayMs = 86_400_000;

/**
 * Days on which an honest generator gives nothing, or next to nothing: its inverter is off, or snow
 * lies on it. The house then draws from the grid what it uses.
 *
 * @returns the rows from index `from` on for 2 to 10 days without production, the others as measured
 */
export function withoutSun(rows: readonly Row[], from: number, random: SeededRandom): Row[] {
  const endMs = (rows[from]?.startMs ?? 0) + random.between(2, 10) * dayMs;
  const left = random.next() < 0.5 ? 0 : 0.03;
  return rows.map((row, index) => {
    if (index < from || row.startMs >= endMs) return row;
    const { productionWh, gridWh } = flowsOf(row);
    const lostWh = (1 - left) * productionWh;
    return withFlows(row, { productionWh: productionWh - lostWh, gridWh: gridWh + lostWh });
  });
}
