import type { Row } from "@powershare/domain/wiring";
import { SeededRandom } from "../random.js";
import { flowsOf } from "./energy.js";
import type { Home } from "./homes.js";

/** How a home's meters may have been read: as measured, as production and signed grid power, or that per phase. */
export type View = "measured" | "grid" | "phases";

/** A home's views: one without production or without its export has only the measured one. */
export function viewsOf({ site: { channels } }: Home): View[] {
  const whole =
    channels.includes("production") &&
    (channels.includes("consumption") || channels.includes("export"));
  return whole ? ["measured", "grid", "phases"] : ["measured"];
}

export function homeIn(view: View, home: Home, seed: string): Home {
  if (view === "measured") return home;
  const phases = view === "phases" ? new PhaseSplit(`${seed}/phases`) : undefined;
  const rows = home.rows.map((row) => gridRow(row, phases));
  const site = {
    ...home.site,
    channels: ["production" as const, "grid" as const],
    phases: phases ? (3 as const) : (1 as const),
  };
  return { ...home, site, rows };
}

function gridRow(row: Row, phases: PhaseSplit | undefined): Row {
  const { productionWh, gridWh } = flowsOf(row);
  const hours = row.seconds / 3600;
  const { startMs, seconds } = row;
  const powers = phases?.split(productionWh / hours, gridWh / hours, startMs);
  return { startMs, seconds, productionWh, gridW: gridWh / hours, ...powers };
}

/**
 * Shares a house's power among three phases, as none of the sets measures them: appliances stand on
 * one phase each, in blocks of three hours; the generator feeds into one phase or all.
 */
class PhaseSplit {
  readonly #random: SeededRandom;
  readonly #generator: readonly [number, number, number];

  constructor(seed: string) {
    this.#random = new SeededRandom(seed);
    const kind = Math.floor(this.#random.at(-1) * 4);
    const on = (phase: number) => (kind === 3 ? 1 / 3 : Number(kind === phase));
    this.#generator = [on(0), on(1), on(2)];
  }

  split(productionW: number, gridW: number, atMs: number) {
    const block = Math.floor(atMs / 10_800_000);
    // Cubed, so that one phase has most of the load in most blocks.
    const weights = [0, 1, 2].map((phase) => 0.1 + this.#random.at(3 * block + phase) ** 3);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const loadW = productionW + gridW;
    const [l1 = 0, l2 = 0, l3 = 0] = weights.map(
      (weight, phase) => (loadW * weight) / sum - productionW * (this.#generator[phase] ?? 0),
    );
    return { gridL1W: l1, gridL2W: l2, gridL3W: l3 };
  }
}
