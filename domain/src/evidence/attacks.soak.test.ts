import * as node from "node:crypto";
import { expect, it } from "vitest";
import {
  type AttackName,
  attackFamilies,
  attackLine,
  attackScene,
  tryAttacks,
} from "../testing/index.js";

const count = Number(process.env["ATTACKS"] ?? 500);
const seed = Number(process.env["SOAK_SEED"] ?? Date.now() % 2 ** 31);
const scene = attackScene(node);

it(`refuses ${count} attacks of every family (SOAK_SEED=${seed}, ATTACKS=${count})`, () => {
  const families = Object.keys(attackFamilies) as AttackName[];
  const counts = families.map((family) => tryAttacks(scene, family, count, seed));
  process.stdout.write(["attacks on evidence files", ...counts.map(attackLine), ""].join("\n"));
  for (const { family, accepted } of counts) expect([family, accepted]).toEqual([family, []]);
});
