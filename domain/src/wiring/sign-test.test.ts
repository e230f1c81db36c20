import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../testing/seeded.js";
import { type MeterPhase, SignTest, type SignTestResult } from "./index.js";

type Meters = Partial<Record<"connection" | "generator", MeterPhase[]>>;
interface House {
  /** Ω of a phase's conductor and of the neutral. */
  readonly ohm: number;
  readonly noiseV: number;
  readonly resolutionV: number;
  readonly seed: number;
  /** What the installer did wrong. */
  readonly wiring?: (meters: Meters) => Meters;
  readonly phases?: 1 | 3;
}

const weak: House = { ohm: 0.5, noiseV: 0.1, resolutionV: 0.1, seed: 1 };
const negated = (phase: MeterPhase) => ({ ...phase, activePowerW: -phase.activePowerW });

/** Numbers in [-1, 1). */
function noiseOf(seed: number): () => number {
  const random = seeded(seed);
  return () => 2 * random() - 1;
}

/** A kettle on each phase in turn, four times on and off, and a generator on L1 that is switched as often. */
function run(house: House, kettleW = 2000, generatorW = 3000): SignTestResult {
  const { phases = 1, ohm, noiseV, resolutionV, seed, wiring = (meters) => meters } = house;
  const noise = noiseOf(seed);
  const test = new SignTest({ phases: { connection: phases, generator: 1 } });
  const rounded = (volts: number) => Math.round(volts / resolutionV) * resolutionV;
  for (let second = 0; second < 60 + phases * 160 + 400; second += 1) {
    const at = second - 60;
    const turn = Math.floor(at / 160);
    const kettle = at >= 0 && at % 40 < 20 ? kettleW : 0;
    const late = at - phases * 160;
    const produced = late >= 0 && late % 100 < 50 ? generatorW : 0;
    const powers = [0, 1, 2]
      .slice(0, phases)
      .map(
        (phase) =>
          300 + 10 * noise() + (phase === turn ? kettle : 0) - (phase === 0 ? produced : 0),
      );
    const total = powers.reduce((sum, power) => sum + power, 0);
    const volts = powers.map(
      (power) =>
        230 - (ohm / 230) * power - ((ohm / 230) * (3 * power - total)) / 2 + noiseV * noise(),
    );
    const connection = powers.map((activePowerW, phase) => ({
      activePowerW,
      voltageV: rounded(volts[phase]!),
    }));
    const generator = [{ activePowerW: -produced, voltageV: rounded(volts[0]!) }];
    test.push({ atMs: 1000 * second, meters: wiring({ connection, generator }) });
  }
  return test.result();
}

const swapped = ({ connection, generator }: Meters): Meters => ({
  connection: generator!,
  generator: connection!,
});
const reversed =
  (meter: "connection" | "generator", phase?: number) =>
  (meters: Meters): Meters => ({
    ...meters,
    [meter]: meters[meter]!.map((each, index) =>
      phase === undefined || phase === index ? negated(each) : each,
    ),
  });
/** The clamps of L1 and L2 change places, the voltage wires do not: 120° off, a power shows as minus a half. */
const crossed = ({ connection, ...rest }: Meters): Meters => {
  const [l1, l2, l3] = connection!;
  return {
    ...rest,
    connection: [
      { ...l1!, activePowerW: l2!.activePowerW / -2 },
      { ...l2!, activePowerW: l1!.activePowerW / -2 },
      l3!,
    ],
  };
};

describe("SignTest", () => {
  it.each<[string, House, string, string | undefined]>([
    ["right, one phase", weak, "passed", undefined],
    ["right, three phases", { ...weak, phases: 3 }, "passed", undefined],
    ["right, an urban line", { ...weak, ohm: 0.15 }, "passed", undefined],
    ["right, a display in whole volts", { ...weak, resolutionV: 1 }, "passed", undefined],
    ["connection reversed", { ...weak, wiring: reversed("connection") }, "failed", "reversed"],
    ["generator reversed", { ...weak, wiring: reversed("generator") }, "failed", "reversed"],
    [
      "all three phases reversed",
      { ...weak, phases: 3, wiring: reversed("connection") },
      "failed",
      "reversed",
    ],
    [
      "one of three reversed",
      { ...weak, phases: 3, wiring: reversed("connection", 1) },
      "failed",
      "phase-reversed",
    ],
    ["meters swapped", { ...weak, wiring: swapped }, "failed", "swapped"],
    ["two clamps crossed", { ...weak, phases: 3, wiring: crossed }, "failed", "other"],
    ["a voltage that no load moves", { ...weak, ohm: 0.001, noiseV: 1 }, "waiting", undefined],
  ])("%s", (_, house, state, fault) => {
    const result = run(house, 2600);
    expect([result.state, result.fault]).toEqual([state, fault]);
    expect(result.errorProbability).toBeLessThanOrEqual(state === "waiting" ? 0.5 : 0.001);
  });

  it("waits for steps of at least 1 kW and says what it waits for", () => {
    const { state, parts } = run(weak, 900, 900);
    expect(state).toBe("waiting");
    expect(parts.map((part) => [part.meter, part.phase, part.steps])).toEqual([
      ["connection", 1, 0],
      ["generator", 1, 0],
    ]);
    expect(parts[0]?.remedy).toContain("at least 1 kW on L1");
  });

  it("gives up at its deadline, and no later reading changes that", () => {
    const test = new SignTest({ phases: { connection: 1 }, longestMs: 60_000 });
    for (let second = 0; second < 200; second += 1) {
      const activePowerW = second > 70 && second % 20 < 10 ? 2000 : 0;
      test.push({
        atMs: 1000 * second,
        meters: { connection: [{ activePowerW, voltageV: 230 - activePowerW / 500 }] },
      });
    }
    expect(test.result()).toMatchObject({ state: "abstains", parts: [{ steps: 0 }] });
  });

  it("takes an appliance that was on at the start for no reversal", () => {
    const test = new SignTest({ phases: { connection: 1 } });
    const noise = noiseOf(3);
    for (let second = 0; second < 200; second += 1) {
      const activePowerW = second < 50 || second % 20 < 10 ? 2000 : 0;
      const voltageV = 230 - activePowerW / 500 + 0.1 * noise();
      test.push({ atMs: 1000 * second, meters: { connection: [{ activePowerW, voltageV }] } });
    }
    expect(test.result().state).not.toBe("failed");
  });

  it("never passes what is reversed nor fails what is right, however faint and noisy", () => {
    const house = fc.record({
      ohm: fc.double({ min: 0.01, max: 1, noNaN: true }),
      noiseV: fc.double({ min: 0, max: 2, noNaN: true }),
      resolutionV: fc.constantFrom(0.01, 0.1, 1),
      seed: fc.integer({ min: 1, max: 2 ** 31 }),
    });
    fc.assert(
      fc.property(house, (one) => {
        expect(run(one).state).not.toBe("failed");
        const wrong = run({ ...one, wiring: reversed("connection") });
        expect(wrong.state).not.toBe("passed");
      }),
      { numRuns: 60 },
    );
  });
});
