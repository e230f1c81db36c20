import { seeded } from "../../testing/seeded.js";
import type { Finding, Row, Site } from "../index.js";
import { voltageResponse } from "../voltage-response.js";

const between = (low: number, high: number, random: () => number) => low + (high - low) * random();

export interface Home {
  readonly seed: number;
  readonly minutes: number;
  /** Drop of 1 kW, V. */
  readonly voltsPerKw: number;
  readonly noiseV?: number;
}

export interface Minute {
  readonly loadW: number;
  readonly sunW: number;
  readonly voltageV: number;
}

/** Minutes of a house whose appliances and clouds come and go, on a grid that wanders, rustles and is tapped. */
export function* minutesOf({ seed, minutes, voltsPerKw, noiseV = 0.3 }: Home): Generator<Minute> {
  const random = seeded(seed);
  let [kettleW, fridgeW, sunW, walkV] = [0, 0, 2000, 230];
  for (let minute = 0; minute < minutes; minute += 1) {
    if (random() < 0.08) kettleW = kettleW === 0 ? between(1000, 2500, random) : 0;
    if (random() < 0.06) fridgeW = fridgeW === 0 ? 90 : 0;
    if (random() < 0.2) sunW = between(300, 4000, random);
    walkV += 0.2 * (random() - 0.5) + (random() < 0.005 ? 7 * (random() - 0.5) : 0);
    const loadW = 150 + kettleW + fridgeW + between(0, 10, random);
    const exactV = walkV + noiseV * (random() - 0.5) - (voltsPerKw * (loadW - sunW)) / 1000;
    yield { loadW, sunW, voltageV: Math.round(10 * exactV) / 10 };
  }
}

/** A home of one phase, without panels of its own. */
export const site: Site = {
  householdId: "home",
  latitude: 40,
  longitude: -8,
  pv: null,
  storage: "none",
  ev: false,
  phases: 1,
  commissionedAt: "2026-01-01T00:00:00Z",
  channels: ["grid"],
  neighbours: null,
};

export type Columns = Omit<Row, "startMs" | "seconds">;
export const right = ({ loadW, sunW, voltageV }: Minute): Columns => ({
  gridW: loadW - sunW,
  productionW: sunW,
  consumptionW: loadW,
  voltageL1V: voltageV,
});

export const gridOnly = ({ loadW, voltageV }: Minute): Columns => ({
  gridW: loadW,
  voltageL1V: voltageV,
});

/** What the rule says of the minutes of a home. */
export function watch(
  home: Home,
  columnsOf: (minute: Minute) => Columns,
  of: Site = site,
): Finding {
  const run = voltageResponse.start(of);
  let startMs = 0;
  for (const minute of minutesOf(home)) {
    run?.push({ startMs, seconds: 60, ...columnsOf(minute) });
    startMs += 60_000;
  }
  return run?.finding() ?? { says: "nothing" };
}

/** What it says of homes whose voltage knows nothing of their power, three hours each. */
export function answersToNoise(windows: number, firstSeed: number): Finding[] {
  return Array.from({ length: windows }, (_, index) => {
    const seed = firstSeed + index;
    return watch({ seed, minutes: 180, voltsPerKw: 0, noiseV: 0.3 + (seed % 5) }, gridOnly);
  });
}
