import { expect, it } from "vitest";
import {
  AttackedStreet,
  type PlacementAttack,
  placementAttacks,
  tryPlacementAttacks,
} from "./testing/placement-attacks.js";

const count = Number(process.env["ATTACKS"] ?? 500);
const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 2 ** 31);

it(`pays nobody for ${count} attacks of every family before the proof (SOAK_SEED=${seed}, ATTACKS=${count})`, async () => {
  const scene = new AttackedStreet();
  await scene.begin();
  const lines = ["attacks on credit after proof"];
  for (const family of Object.keys(placementAttacks) as PlacementAttack[]) {
    const { refused, accepted } = await tryPlacementAttacks(scene, family, count, seed);
    const codes = [...refused].sort(([, a], [, b]) => b - a).map(([code, n]) => `${code} ${n}`);
    lines.push(
      `${family.padEnd(26)} tried ${count}, accepted ${accepted.length}: ${codes.join(", ")}`,
    );
    expect([family, accepted]).toEqual([family, []]);
  }
  process.stdout.write(`${lines.join("\n")}\n`);
});
