import { expect, it } from "vitest";
import { runRollovers } from "./testing/rollover.js";

const cases = Number(process.env["SOAK_ROLLOVERS"] ?? 1_000_000);
const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 2 ** 31);

it(`${cases} rollover cases, seed ${seed}: each exact`, () => {
  const counts = runRollovers(cases, seed);
  process.stdout.write(`rollover: ${cases} cases, seed ${seed}: ${JSON.stringify(counts)}\n`);
  expect(counts.wrong).toBe(0);
});
