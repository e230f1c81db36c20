import { expect, test } from "vitest";
import { requestFamilies } from "./testing/attacks.js";
import { laterFamilies } from "./testing/later-attacks.js";
import { runFamily, untouched } from "./testing/run-family.js";
import { setScene } from "./testing/scene.js";

const seed = Number(process.env["SOAK_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const count = Number(process.env["ENROLMENT_ATTACKS"] ?? 500);

test.each([...requestFamilies, ...laterFamilies])("$name", async (family) => {
  const scene = await setScene(seed);
  const before = untouched(scene);
  const accepted = await runFamily(family, scene, count);
  process.stdout.write(
    `${family.name}: ${count} attempts, ${accepted.length} not refused, SOAK_SEED=${seed}\n`,
  );
  expect(accepted).toEqual([]);
  expect(untouched(scene)).toEqual(before);
  scene.desk.close();
});
