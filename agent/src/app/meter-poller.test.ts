import { expect, it, vi } from "vitest";
import { runStaleFrames } from "../testing/stale-frames.js";

vi.setConfig({ testTimeout: 60_000 });
const injections = 10_000;

it(`of ${injections} older answers of the same shape around boundaries, none gets into a signed value`, async () => {
  const { injected, boundaries, closed, rejected, wrong } = await runStaleFrames(injections, 1);
  expect(injected).toBeGreaterThanOrEqual(injections);
  expect(wrong).toBe(0);
  expect(rejected).toBeGreaterThan(boundaries / 4);
  expect(closed).toBeGreaterThan(boundaries * 0.95);
});

it("without the second read the same answers would", async () => {
  const { wrong } = await runStaleFrames(500, 1, { confirm: false });
  expect(wrong).toBeGreaterThan(20);
});
