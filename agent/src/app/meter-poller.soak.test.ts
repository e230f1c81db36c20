import { expect, it } from "vitest";
import { runStaleFrames } from "../testing/stale-frames.js";

const injections = Number(process.env["SOAK_STALE_FRAMES"] ?? 100_000);
const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 2 ** 31);

it(`${injections} older answers around boundaries, seed ${seed}: none in a signed value`, async () => {
  const counts = await runStaleFrames(injections, seed);
  process.stdout.write(`stale frames: seed ${seed}: ${JSON.stringify(counts)}\n`);
  expect(counts.wrong).toBe(0);
});
