import { expect, test } from "vitest";
import { percentile } from "./statistics.js";

test.for([
  [[], 0.5, undefined],
  [[7], 0.5, 7],
  [[3, 1, 2], 0.5, 2],
  [[4, 3, 2, 1], 0.5, 2],
  [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95, 10],
  [[1, 2, 3], 0, 1],
] as const)("of %j at %d is %d", ([sample, share, expected]) => {
  expect(percentile(sample, share)).toBe(expected);
});
