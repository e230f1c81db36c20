import type { Channel, Column, Row } from "@powershare/domain/wiring";

/** Columns that measure a channel: one set of them is enough. */
const measuredBy: Readonly<Record<Channel, readonly (readonly Column[])[]>> = {
  production: [["productionWh"], ["productionW"]],
  consumption: [["consumptionWh"], ["consumptionW"]],
  grid: [["gridW"], ["gridL1W", "gridL2W", "gridL3W"], ["importWh", "exportWh"]],
  import: [["importWh"]],
  export: [["exportWh"]],
};

/** How long a household's channels were measured of the time that its rows span. */
export class Coverage {
  readonly #channels: ReadonlySet<Channel>;
  readonly #measuredMs = new Map<Channel, number>();
  #fromMs: number | undefined;
  #toMs = 0;

  constructor(channels: readonly Channel[]) {
    this.#channels = new Set(channels);
  }

  push(row: Row): void {
    const lengthMs = row.seconds * 1000;
    this.#fromMs ??= row.startMs;
    this.#toMs = row.startMs + lengthMs;
    for (const channel of this.#channels) {
      const measured = measuredBy[channel].some((set) =>
        set.every((name) => row[name] !== undefined),
      );
      if (measured) this.#measuredMs.set(channel, (this.#measuredMs.get(channel) ?? 0) + lengthMs);
    }
  }

  /** End of the last row, ms UTC. */
  get toMs(): number {
    return this.#toMs;
  }

  /** From the first row's start to the last one's end, in hundredths of a day. */
  get days(): number {
    return Math.round((100 * this.#spanMs) / 86_400_000) / 100;
  }

  /** Share of that time in which a channel was measured, on the mean of the channels, in ten-thousandths. */
  get share(): number {
    const measuredMs = [...this.#measuredMs.values()].reduce((sum, ms) => sum + ms, 0);
    const whole = this.#spanMs * this.#channels.size;
    return whole === 0 ? 0 : Math.round((10_000 * measuredMs) / whole) / 10_000;
  }

  /** Channels of which no row has a value. */
  get unmeasured(): Channel[] {
    return [...this.#channels].filter((channel) => !this.#measuredMs.has(channel));
  }

  get #spanMs(): number {
    return this.#toMs - (this.#fromMs ?? this.#toMs);
  }
}
