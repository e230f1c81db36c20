import { describe, expect, test } from "vitest";
import { busPlan } from "./bus-plan.js";
import { loadProfile } from "./library.js";
import { importRegister, profileWith } from "./testing/profile-with.js";

/** One request of 2 registers: 17 characters. */
const small = (entries: object = {}) => profileWith({ registers: [importRegister], ...entries });
const line = { baudRate: 9600, parity: "none" } as const;

describe("the time of a bus", () => {
  test("is characters, two silences a request, turnaround and pauses", () => {
    const profile = small({ timing: { turnaroundMs: 20, pauseMs: 10 } });
    const plan = busPlan({ meters: [{ profile, unit: 3 }], ...line, pollIntervalMs: 1_000 });
    const character = 10_000 / 9_600;
    expect(plan.meters).toHaveLength(1);
    const [time] = plan.meters;
    expect(time).toMatchObject({ unit: 3, profile: "test/meter", requests: 1, registers: 2 });
    expect(time?.wireMs).toBeCloseTo(17 * character, 9);
    expect(time?.silenceMs).toBeCloseTo(3.5 * character + 10, 9);
    expect(time?.turnaroundMs).toBe(20);
    expect(time?.totalMs).toBeCloseTo(20.5 * character + 30, 9);
  });

  test("is longer by a bit a character with parity or a second stop bit", () => {
    const totals = [
      { parity: "none", stopBits: 1 },
      { parity: "even", stopBits: 1 },
      { parity: "none", stopBits: 2 },
    ] as const;
    const [plain, even, two] = totals.map((each) => {
      const meters = [{ profile: small(), unit: 1 }];
      return busPlan({ meters, baudRate: 9600, ...each, pollIntervalMs: 1_000 }).totalMs;
    });
    expect(even! / plain!).toBeCloseTo(1.1, 9);
    expect(two).toBe(even);
  });

  test("of an SDM630 at 9600 Bd is the wire's limit, 333.3 ms", () => {
    const meters = [{ profile: loadProfile("eastron/sdm630"), unit: 1 }];
    expect(busPlan({ meters, ...line, pollIntervalMs: 1_000 }).totalMs).toBeCloseTo(333.33, 2);
  });

  test("is that of all meters, a SunSpec one with the shortest chain", () => {
    const [one, two] = ["eastron/sdm630", "sunspec/meter"].map((id, index) => ({
      profile: loadProfile(id),
      unit: index + 1,
    }));
    const total = (meters: Parameters<typeof busPlan>[0]["meters"]) =>
      busPlan({ meters, ...line, pollIntervalMs: 1_000 }).totalMs;
    expect(total([one!, two!])).toBeCloseTo(total([one!]) + total([two!]), 9);
  });
});

test("a bus that does not fit says so, with its sum and what would help", () => {
  const profile = loadProfile("eastron/sdm630");
  const meters = [1, 2, 3, 4].map((unit) => ({ profile, unit }));
  const plan = busPlan({ meters, ...line, pollIntervalMs: 1_000 });
  expect(plan.fits).toBe(false);
  expect(plan.utilisation).toBeCloseTo(1.333, 3);
  expect(plan.lines).toHaveLength(6);
  expect(plan.lines[0]).toBe(
    "unit 1 eastron/sdm630: 4 requests, 120 registers: 304.2 ms of characters + 29.2 ms of silence + 0.0 ms before answers = 333.3 ms",
  );
  expect(plan.lines.slice(4)).toEqual([
    "together 1333.3 ms of 1000 ms: 133.3 % at 9600 Bd, parity none, 1 stop bit",
    "does not fit: poll every 1334 ms or more, or set all meters to 19200 Bd",
  ]);
});

test("a bus that just fits does", () => {
  const meters = [{ profile: small(), unit: 1 }];
  const { totalMs } = busPlan({ meters, ...line, pollIntervalMs: 1 });
  expect(busPlan({ meters, ...line, pollIntervalMs: totalMs }).fits).toBe(true);
  expect(busPlan({ meters, ...line, pollIntervalMs: totalMs - 0.01 }).fits).toBe(false);
});
