import { clearSkyShare, sunAt } from "../wiring/sun.js";
import type { Row } from "../wiring/types.js";
import { seeded } from "./seeded.js";

export interface HouseOptions {
  readonly latitude: number;
  readonly longitude: number;
  readonly startMs: number;
  readonly days: number;
  readonly seconds: number;
  readonly peakW: number;
  readonly azimuthDeg: number;
  readonly tiltDeg: number;
  /** What the house uses when nobody is at home, W. */
  readonly baseW: number;
  readonly seed: number;
}

/** A house's rows as its meters would count them, with nothing wrong. */
export interface HouseRow extends Row {
  readonly productionWh: number;
  readonly consumptionWh: number;
  readonly importWh: number;
  readonly exportWh: number;
}

/** Chances per hour of the local day that somebody cooks, washes or heats water. */
const busy = [
  0.02, 0.02, 0.02, 0.02, 0.02, 0.05, 0.2, 0.3, 0.2, 0.1, 0.1, 0.2, 0.3, 0.2, 0.1, 0.1, 0.15, 0.3,
  0.4, 0.4, 0.3, 0.2, 0.1, 0.05,
];

/**
 * A simulated house for tests of rules: clear-sky production under clouds that come for a day and for an
 * hour, and a household's habits. Nothing in it is measured.
 */
export function simulatedHouse(options: HouseOptions): readonly HouseRow[] {
  const random = seeded(options.seed);
  const perDay = 86_400 / options.seconds;
  const hours = options.seconds / 3600;
  let dayClouds = 0;
  return Array.from({ length: options.days * perDay }, (_, i) => {
    if (i % perDay === 0) dayClouds = random() ** 2 * 0.9;
    const startMs = options.startMs + i * options.seconds * 1000;
    const sun = sunAt(startMs + options.seconds * 500, options.latitude, options.longitude);
    const clouds = Math.min(0.95, dayClouds * (0.5 + random()));
    const sunW = options.peakW * clearSkyShare(sun, options) * (1 - clouds);
    const localHour = Math.floor((startMs / 3_600_000 + options.longitude / 15 + 48) % 24);
    const isBusy = random() < (busy[localHour] ?? 0);
    const productionWh = (sun.elevationDeg > 1 ? sunW : 0) * hours;
    const usedW = options.baseW * (0.8 + 0.4 * random()) + (isBusy ? 500 + 2000 * random() : 0);
    const netWh = usedW * hours - productionWh;
    return {
      startMs,
      seconds: options.seconds,
      productionWh,
      consumptionWh: usedW * hours,
      importWh: Math.max(0, netWh),
      exportWh: Math.max(0, -netWh),
    };
  });
}
