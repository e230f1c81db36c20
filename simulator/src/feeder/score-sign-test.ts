import { SignTest, type SignTestResult } from "@powershare/domain/wiring";
import { SeededRandom } from "../random.js";
import { Feeder } from "./feeder.js";
import { type GridStrength, grids, sensitivity } from "./line.js";
import { normal, secondsPerDay } from "./noise.js";

export interface SignTestScore {
  readonly passed: number;
  readonly failed: number;
  readonly abstained: number;
  readonly tests: number;
}

const testsPerDay = 5;
const quietSeconds = 90;
const testSeconds = 900;
const halfCycleSeconds = 20;
const kettleW = 2000;

/**
 * Sign tests at random hours in living homes with neighbours: after a minute and a half a kettle of 2 kW
 * is switched every twenty seconds, for at most a quarter of an hour.
 */
export function scoreSignTest(
  grid: GridStrength,
  {
    homes,
    seed,
    resolutionV,
    isReversed,
  }: {
    readonly homes: number;
    readonly seed: string;
    readonly resolutionV: number;
    readonly isReversed: boolean;
  },
): SignTestScore {
  const score = { passed: 0, failed: 0, abstained: 0, tests: 0 };
  const line = grids[grid];
  const { ownPhase } = sensitivity(line, line.nodes - 1, line.nodes - 1, true);
  for (let home = 0; home < homes; home += 1) {
    const feeder = new Feeder({
      seed: `${seed}/${home}`,
      grid,
      neighbours: 12,
      phases: 1,
      pvW: 4000,
    });
    const day = feeder.day(0);
    const random = new SeededRandom(`${seed}/${home}/sign-test`);
    for (let test = 0; test < testsPerDay; test += 1) {
      const from = Math.floor(random.between(0, secondsPerDay - testSeconds));
      const state = run((second) => {
        const at = second - quietSeconds;
        const isOn = at >= 0 && Math.floor(at / halfCycleSeconds) % 2 === 0;
        const watts = (day.gridW[0]?.[from + second] ?? 0) + (isOn ? kettleW : 0);
        const exactV = (day.voltageV[0]?.[from + second] ?? 0) - (isOn ? kettleW * ownPhase.r : 0);
        const voltageV = Math.round((exactV + 0.03 * normal(random)) / resolutionV) * resolutionV;
        return { activePowerW: isReversed ? -watts : watts, voltageV };
      }).state;
      score.tests += 1;
      if (state === "passed") score.passed += 1;
      else if (state === "failed") score.failed += 1;
      else score.abstained += 1;
    }
  }
  return score;
}

function run(
  reading: (second: number) => { activePowerW: number; voltageV: number },
): SignTestResult {
  const test = new SignTest({ phases: { connection: 1 } });
  for (let second = 0; second < testSeconds; second += 1) {
    test.push({ atMs: second * 1000, meters: { connection: [reading(second)] } });
    const result = test.result();
    if (result.state !== "waiting") return result;
  }
  return test.result();
}
