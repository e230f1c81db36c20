import type { Row } from "@powershare/domain/wiring";

export type Weather = "clear" | "mixed" | "cloudy";

const dayMs = 86_400_000;
const daysLooked = 3;
const daysAround = 20;

/** Days by what the generator gave, against the best of the weeks around them. */
export class WeatherOf {
  readonly #whByDay = new Map<number, number>();

  constructor(rows: readonly Row[], longitude: number) {
    for (const { startMs, productionWh, exportWh = 0 } of rows) {
      const day = Math.floor((startMs + (longitude / 360) * dayMs) / dayMs);
      this.#whByDay.set(day, (this.#whByDay.get(day) ?? 0) + (productionWh ?? exportWh));
    }
  }

  /** Share of the best neighbouring days' energy that the first days from `ms` on gave. */
  clearness(ms: number): number {
    const day = Math.floor(ms / dayMs);
    const best = Math.max(...this.#days(day - daysAround, day + daysAround));
    const own = this.#days(day, day + daysLooked - 1);
    return best > 0 ? own.reduce((sum, wh) => sum + wh, 0) / own.length / best : 0;
  }

  at(ms: number): Weather {
    const clearness = this.clearness(ms);
    if (clearness > 0.75) return "clear";
    return clearness < 0.45 ? "cloudy" : "mixed";
  }

  #days(from: number, to: number): number[] {
    return Array.from(
      { length: to - from + 1 },
      (_, index) => this.#whByDay.get(from + index) ?? 0,
    );
  }
}
