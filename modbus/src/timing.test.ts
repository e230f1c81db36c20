import { expect, test } from "vitest";
import { characterMs, silenceMs, wireTimeMs } from "./timing.js";

test.each([
  { baudRate: 9600, parity: "none", character: 1.0417, silence: 3.6458 },
  { baudRate: 9600, parity: "even", character: 1.1458, silence: 4.0104 },
  { baudRate: 19_200, parity: "none", character: 0.5208, silence: 1.8229 },
  { baudRate: 38_400, parity: "none", character: 0.2604, silence: 1.75 },
] as const)(
  "at $baudRate Bd, parity $parity, characters and silences are as the standard says",
  (line) => {
    expect(characterMs(line.baudRate, line.parity)).toBeCloseTo(line.character, 4);
    expect(silenceMs(line.baudRate, line.parity)).toBeCloseTo(line.silence, 4);
  },
);

test("120 registers in 4 requests take 333 ms at 9600 Bd and 90 ms at 38400 Bd", () => {
  const plan = [36, 28, 16, 40].map((count) => ({ count }));
  expect(wireTimeMs(plan, 9600)).toBeCloseTo(333.3, 1);
  expect(wireTimeMs(plan, 9600, { turnaroundMs: 20 })).toBeCloseTo(413.3, 1);
  expect(wireTimeMs(plan, 38_400)).toBeCloseTo(90.0, 0);
});
