import { type Row, type Site, watchWiring } from "@powershare/domain/wiring";
import { SeededRandom } from "./random.js";
import { loadFixture, PowerCurve } from "./series.js";

export interface WiringFigures {
  readonly days: number;
  readonly rowsPerDay: number;
  /** Of one core, for a day of readings. */
  readonly cpuSecondsPerDay: number;
}

const secondsPerDay = 86_400;
const measuredDays = 2;
const startMs = Date.parse("2017-05-18T07:00:00Z");
/** Volts that a kW at the connection takes off an ordinary line. */
const voltsPerKw = 0.5;

const site: Site = {
  householdId: "f02",
  latitude: 34.1,
  longitude: -117.4,
  pv: { peakW: 4000, azimuthDeg: null, tiltDeg: null },
  storage: "none",
  ev: false,
  phases: 3,
  commissionedAt: "2017-05-18T07:00:00Z",
  channels: ["production", "consumption", "grid"],
  neighbours: null,
};

/**
 * CPU time of all wiring rules over days of one-second readings of three phases. The hourly energy
 * is a measured home's; what happens within the hour and the voltages are made up.
 */
export function benchWiring(): Promise<WiringFigures> {
  const watch = watchWiring(site);
  const readings = secondReadings();
  // The rules' daily work and the compiler's come with the first day.
  for (const row of readings(0)) watch.push(row);
  let cpuMicroseconds = 0;
  for (let day = 1; day <= measuredDays; day += 1) {
    const rows = readings(day);
    const began = process.cpuUsage();
    for (const row of rows) watch.push(row);
    const { user, system } = process.cpuUsage(began);
    cpuMicroseconds += user + system;
  }
  return Promise.resolve({
    days: measuredDays,
    rowsPerDay: secondsPerDay,
    cpuSecondsPerDay: Number((cpuMicroseconds / 1e6 / measuredDays).toFixed(2)),
  });
}

function secondReadings(): (day: number) => Row[] {
  const { productionWh, consumptionWh, stepMs } = loadFixture("fontana", "F02");
  const production = new PowerCurve(productionWh, stepMs, 0.2, "production");
  const consumption = new PowerCurve(consumptionWh, stepMs, 0.5, "consumption");
  const noise = new SeededRandom("volts");
  return (day) =>
    Array.from({ length: secondsPerDay }, (_, second): Row => {
      const elapsedMs = (day * secondsPerDay + second) * 1000;
      const [productionW, consumptionW] = [
        production.powerW(elapsedMs),
        consumption.powerW(elapsedMs),
      ];
      const gridW = consumptionW - productionW;
      const volts = () =>
        Math.round(10 * (230 - (voltsPerKw * gridW) / 3000 + noise.between(-0.1, 0.1))) / 10;
      return {
        startMs: startMs + elapsedMs,
        seconds: 1,
        productionW,
        consumptionW,
        gridW,
        gridL1W: gridW / 3,
        gridL2W: gridW / 3,
        gridL3W: gridW / 3,
        voltageL1V: volts(),
        voltageL2V: volts(),
        voltageL3V: volts(),
      };
    });
}
