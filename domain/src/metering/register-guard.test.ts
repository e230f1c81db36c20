import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type GuardLimits,
  type GuardState,
  guardNext,
  guardReading,
  guardState,
  type MeteredRegisters,
  newGuard,
} from "./index.js";

const limits: GuardLimits = { meter: "a/b:1", fuseA: 63, phases: 3, registerStepWh: 1 };
const base: MeteredRegisters = {
  meter: "a/b:1",
  at: "2026-06-01T12:00:00.000Z",
  monotonicMs: 50_000,
  bootId: "boot-1",
  clock: "synchronised",
  importWh: 1_000_000,
  exportWh: 500_000,
};
const after = (seconds: number, changes: Partial<MeteredRegisters> = {}): MeteredRegisters => ({
  ...base,
  at: new Date(Date.parse(base.at) + seconds * 1000).toISOString(),
  monotonicMs: base.monotonicMs + seconds * 1000,
  ...changes,
});

// 63 A x 230 V x 3 x 1.2 = 52,164 W: in an hour 52,164 Wh, in a second 14.49 Wh.
describe("the register guard", () => {
  const cases: readonly [string, string, MeteredRegisters][] = [
    ["accepted", "registers that stand still", after(1)],
    [
      "accepted",
      "all that the fuses let through in an hour, and one step",
      after(3600, { importWh: 1_052_165 }),
    ],
    ["meter.register-jumped", "one Wh more", after(3600, { importWh: 1_052_166 })],
    ["accepted", "the same on the export register", after(3600, { exportWh: 552_165 })],
    [
      "meter.register-jumped",
      "one Wh more on the export register",
      after(3600, { exportWh: 552_166 }),
    ],
    ["accepted", "a second's worth, rounded up, and one step", after(1, { importWh: 1_000_016 })],
    ["meter.register-jumped", "more than a second's worth", after(1, { importWh: 1_000_017 })],
    ["meter.register-went-back", "an import register that fell", after(1, { importWh: 999_999 })],
    ["meter.register-went-back", "an export register that fell", after(1, { exportWh: 0 })],
    ["meter.serial-changed", "another meter", after(1, { meter: "a/b:2" })],
    [
      "accepted",
      "an hour's worth where UTC stepped back but the monotonic clock tells",
      { ...after(3600, { importWh: 1_052_165 }), at: "2020-01-01T00:00:00.000Z" },
    ],
    [
      "meter.register-jumped",
      "an hour's worth in a second where UTC stepped forward",
      { ...after(3600, { importWh: 1_052_165 }), monotonicMs: 51_000 },
    ],
    [
      "accepted",
      "an hour's worth over a restart, by UTC",
      after(3600, { importWh: 1_052_165, bootId: "boot-2", monotonicMs: 0 }),
    ],
    [
      "meter.register-jumped",
      "more than an hour's worth over a restart",
      after(3600, { importWh: 1_052_166, bootId: "boot-2", monotonicMs: 0 }),
    ],
    [
      "accepted",
      "an hour's worth over a restart with a clock that is not set",
      {
        ...base,
        importWh: 1_052_165,
        bootId: "boot-2",
        at: "1970-01-01T00:00:09.000Z",
        clock: "unknown",
      },
    ],
    [
      "meter.register-jumped",
      "more than 35 days' worth with a clock that is not set",
      {
        ...base,
        importWh: 45_000_000,
        bootId: "boot-2",
        at: "1970-01-01T00:00:09.000Z",
        clock: "unknown",
      },
    ],
  ];
  it.each(cases)("%s: %s", (expected, _, next) => {
    const verdict = guardReading(base, next, limits);
    expect(verdict.accepted ? "accepted" : verdict.code).toBe(expected);
  });

  it("takes the first reading of the expected meter as it is, and no other meter's", () => {
    expect(guardReading(undefined, base, limits).accepted).toBe(true);
    expect(guardReading(undefined, base, { ...limits, meter: "a/b:2" })).toMatchObject({
      code: "meter.serial-changed",
    });
  });

  it.each([
    ["accepted", 1_052_165],
    ["meter.register-jumped", 45_000_000],
  ])("%s: %i Wh after a restart, where the clock was at 1970 before it", (expected, importWh) => {
    const unset = { ...base, at: "1970-01-01T00:00:09.000Z", clock: "unknown" } as const;
    const verdict = guardReading(unset, { ...base, importWh, bootId: "boot-2" }, limits);
    expect(verdict.accepted ? "accepted" : verdict.code).toBe(expected);
  });

  it("says by how much", () => {
    expect(guardReading(base, after(1, { importWh: 7 }), limits)).toMatchObject({
      message: "a/b:1: importWh fell from 1000000 to 7",
    });
  });
});

describe("the guard over a series of readings", () => {
  function run(
    readings: readonly MeteredRegisters[],
    start: GuardState = newGuard,
  ): ReturnType<typeof guardNext>[] {
    const results: ReturnType<typeof guardNext>[] = [];
    let state = start;
    for (const reading of readings) {
      const result = guardNext(state, reading, limits);
      results.push(result);
      state = guardState.parse(JSON.parse(JSON.stringify(result.state)));
    }
    return results;
  }

  it("forgets a single bad reading: the next is judged against the last good one", () => {
    const verdicts = run([
      base,
      after(1, { importWh: 9_000_000 }),
      after(2, { importWh: 1_000_002 }),
    ]);
    expect(verdicts.map(({ verdict }) => verdict.accepted)).toEqual([true, false, true]);
    expect(verdicts.some(({ suspected }) => suspected !== undefined)).toBe(false);
  });

  it("keeps rejecting a reset meter, and says so from the tenth reading that agrees with the others", () => {
    const reset = Array.from({ length: 12 }, (_, i) => after(i + 1, { importWh: i, exportWh: 0 }));
    const results = run([base, ...reset]).slice(1);
    expect(results.every(({ verdict }) => !verdict.accepted)).toBe(true);
    expect(results.map(({ suspected }) => suspected !== undefined)).toEqual([
      ...Array<boolean>(9).fill(false),
      true,
      true,
      true,
    ]);
  });

  it("does not take a reset meter for the old one when it has grown past the old count unseen", () => {
    const reset = after(1, { importWh: 0, exportWh: 0 });
    const later = after(3 * 86_400, { importWh: 1_000_100, exportWh: 500_100 });
    expect(run([base, reset, later]).at(-1)).toMatchObject({
      verdict: { accepted: false, code: "meter.register-ambiguous" },
    });
    // Without the fallen reading in between nothing speaks against it.
    expect(run([base, later]).at(-1)).toMatchObject({ verdict: { accepted: true } });
  });

  it("believes registers that fit again after many that did not only when they do so twice", () => {
    const reset = [0, 1, 2].map((i) => after(i + 1, { importWh: i, exportWh: 0 }));
    const fits = after(7_200, { importWh: 1_050_000, exportWh: 500_000 });
    const results = run([
      base,
      ...reset,
      fits,
      after(7_201, { importWh: 1_050_003, exportWh: 500_000 }),
    ]);
    expect(results.slice(-2).map(({ verdict }) => verdict.accepted)).toEqual([false, true]);
    const chance = run([base, ...reset, fits, after(7_201, { importWh: 900, exportWh: 0 })]);
    expect(chance.slice(-2).map(({ verdict }) => verdict.accepted)).toEqual([false, false]);
  });

  it("goes on at once after a late copy of an older answer", () => {
    const stale = after(1, { importWh: 999_995 });
    expect(run([base, stale, after(2, { importWh: 1_000_003 })]).at(-1)).toMatchObject({
      verdict: { accepted: true },
    });
  });

  it("keeps counts that rolled over unwrapped, over a restart too", () => {
    const narrow = { ...limits, rollsOverAtWh: { importWh: 1_000_010 } };
    const rolled = guardNext({ accepted: base, agreeing: 0 }, after(1, { importWh: 3 }), narrow);
    expect(rolled.state.accepted).toMatchObject({ importWh: 1_000_013, exportWh: 500_000 });
    const restarted = guardState.parse(JSON.parse(JSON.stringify(rolled.state)));
    const next = guardNext(restarted, after(2, { importWh: 5 }), narrow);
    expect(next.state.accepted).toMatchObject({ importWh: 1_000_015 });
  });

  it("gives the readings at both sides of a suspected reset", () => {
    const reset = Array.from({ length: 10 }, (_, i) => after(i + 1, { importWh: i, exportWh: 0 }));
    expect(run([base, ...reset]).at(-1)?.suspected).toEqual({ closing: base, opening: reset[0] });
  });

  it("follows a meter that writes its registers once a minute, and suspects no reset of it", () => {
    // 12 kW: 200 Wh come at once, which the fuses let through in 14 s.
    const minutes = Array.from({ length: 180 }, (_, i) =>
      after(i, { importWh: 1_000_000 + 200 * Math.floor(i / 60) }),
    );
    let state = newGuard;
    const verdicts = minutes.map((reading) => {
      const result = guardNext(state, reading, { ...limits, refreshMs: 60_000 });
      state = result.state;
      return result.verdict.accepted;
    });
    expect(verdicts).not.toContain(false);
    // Held to what flows from one reading to the next, the meter would be taken for a replaced one.
    expect(run(minutes).some(({ suspected }) => suspected !== undefined)).toBe(true);
  });

  it("says the same of another meter that answers in its place", () => {
    const other = Array.from({ length: 10 }, (_, i) =>
      after(i + 1, { meter: "a/b:2", importWh: i }),
    );
    expect(run([base, ...other]).at(-1)).toMatchObject({ suspected: { opening: { importWh: 0 } } });
  });

  it("does not suspect a replacement where the rejected readings contradict each other", () => {
    const noise = Array.from({ length: 30 }, (_, i) =>
      after(i + 1, { importWh: i % 2 === 0 ? 7 : 9_000_000 }),
    );
    expect(run([base, ...noise]).some(({ suspected }) => suspected !== undefined)).toBe(false);
  });

  it("never bills a fall or a jump, whatever comes", () => {
    const reading = fc.record({
      importWh: fc.nat(200),
      exportWh: fc.nat(200),
      seconds: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(reading), (script) => {
        let seconds = 0;
        const accepted = run(
          script.map(({ importWh, exportWh, seconds: more }) => {
            seconds += more;
            return after(seconds, { importWh, exportWh });
          }),
        )
          .filter(({ verdict }) => verdict.accepted)
          .flatMap(({ state }) => state.accepted ?? []);
        for (const [i, next] of accepted.entries()) {
          const before = accepted[i - 1] ?? next;
          const mostWh = Math.ceil((14.49 * (next.monotonicMs - before.monotonicMs)) / 1000) + 1;
          for (const register of ["importWh", "exportWh"] as const) {
            expect(next[register]).toBeGreaterThanOrEqual(before[register]);
            expect(next[register] - before[register]).toBeLessThanOrEqual(mostWh);
          }
        }
      }),
    );
  });
});
