import type { Row } from "@powershare/domain/wiring";
import { SeededRandom } from "../random.js";
import type { FeederDay } from "./feeder.js";
import { normal, secondsPerDay } from "./noise.js";

/** How a household's meters are read. */
export interface Reading {
  readonly seconds: number;
  /** `mean` over the interval, the `instant` at its end, or `energy` in whole Wh. */
  readonly how: "mean" | "instant" | "energy";
  /** The voltage's last digit, V. */
  readonly resolutionV: number;
  /** Powers are read so much later than voltages, s. */
  readonly skewSeconds: number;
}

/** What of the house is measured. */
export type Channels = "grid" | "grid-phases" | "generator" | "production-and-consumption";

/** Of a meter of class 1 at a constant load. */
const powerNoise = 0.003;
const voltageNoiseV = 0.03;
const phaseNames = ["L1", "L2", "L3"] as const;

/** What the meters give over a day, as rows; without faults. */
export function* rowsOf(
  day: FeederDay,
  reading: Reading,
  channels: Channels,
  startMs: number,
  seed: string,
): Generator<Row> {
  const random = new SeededRandom(`${seed}/meter`);
  const noisyW = (watts: number) => Math.round(watts * (1 + powerNoise * normal(random)));
  const volts = (exact: number) =>
    Number(
      (
        Math.round((exact + voltageNoiseV * normal(random)) / reading.resolutionV) *
        reading.resolutionV
      ).toFixed(3),
    );
  for (let from = 0; from + reading.seconds <= secondsPerDay; from += reading.seconds) {
    const power = (values: Float32Array) =>
      noisyW(taken(values, from, reading, reading.skewSeconds));
    const row: Record<string, number> = {
      startMs: startMs + from * 1000,
      seconds: reading.seconds,
    };
    for (const [index, phase] of phaseNames.slice(0, day.voltageV.length).entries()) {
      row[`voltage${phase}V`] = volts(taken(day.voltageV[index] ?? noValues, from, reading, 0));
    }
    const phasesW = day.gridW.map(power);
    Object.assign(row, powers(channels, phasesW, power(day.productionW), reading));
    yield row as unknown as Row;
  }
}

const noValues = new Float32Array(0);

function taken(
  values: Float32Array,
  from: number,
  { seconds, how }: Reading,
  skew: number,
): number {
  const last = values.length - 1;
  if (how === "instant") return values[Math.min(last, from + seconds - 1 + skew)] ?? 0;
  let sum = 0;
  for (let s = from; s < from + seconds; s += 1) sum += values[Math.min(last, s + skew)] ?? 0;
  return sum / seconds;
}

function powers(
  channels: Channels,
  phasesW: readonly number[],
  productionW: number,
  { how, seconds }: Reading,
): Partial<Row> {
  const gridW = phasesW.reduce((sum, watts) => sum + watts, 0);
  const wh = (watts: number) => Math.round((watts * seconds) / 3600);
  if (channels === "generator") return { productionW };
  if (channels === "grid-phases") {
    const [gridL1W = 0, gridL2W = 0, gridL3W = 0] = phasesW;
    return { gridW, gridL1W, gridL2W, gridL3W };
  }
  const consumptionW = Math.max(0, gridW + productionW);
  if (channels === "production-and-consumption") {
    return how === "energy"
      ? { productionWh: wh(productionW), consumptionWh: wh(consumptionW) }
      : { productionW, consumptionW };
  }
  return how === "energy"
    ? { importWh: wh(Math.max(0, gridW)), exportWh: wh(Math.max(0, -gridW)) }
    : { gridW };
}
