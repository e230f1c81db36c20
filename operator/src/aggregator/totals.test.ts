import { expect, test } from "vitest";
import { inStep, type Totals, together } from "./totals.js";

const span = (fromMs: number, toMs: number, exportWh: number): Totals => ({
  fromMs,
  toMs,
  importWh: 2 * exportWh,
  exportWh,
});

test("spans of different lengths come in step where all of them end", () => {
  const fine = [span(0, 1, 1), span(1, 2, 2), span(2, 3, 3), span(3, 4, 4)];
  const coarse = [span(0, 2, 10), span(2, 4, 20)];
  expect(inStep([fine, coarse])).toEqual([
    [span(0, 2, 3), span(2, 4, 7)],
    [span(0, 2, 10), span(2, 4, 20)],
  ]);
});

test("what lies between two runs of a meter is left out for all", () => {
  const broken = [span(0, 1, 1), span(2, 3, 3)];
  const whole = [span(0, 1, 10), span(1, 2, 20), span(2, 3, 30)];
  expect(inStep([broken, whole])).toEqual([
    [span(0, 1, 1), span(2, 3, 3)],
    [span(0, 1, 10), span(2, 3, 30)],
  ]);
});

test("energies of meters in step add up", () => {
  expect(together([[span(0, 1, 1)], [span(0, 1, 4)]])).toEqual([span(0, 1, 5)]);
  expect(together([])).toEqual([]);
});
