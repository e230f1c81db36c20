import { afterAll, beforeAll, expect, test } from "vitest";
import { requestFamilies } from "./testing/attacks.js";
import { laterFamilies } from "./testing/later-attacks.js";
import { runFamily, untouched } from "./testing/run-family.js";
import { type Scene, setScene } from "./testing/scene.js";

const families = [...requestFamilies, ...laterFamilies];
const count = 3;
let scene: Scene;
let before: unknown;
beforeAll(async () => {
  scene = await setScene(1);
  before = untouched(scene);
});
afterAll(() => scene.desk.close());

test.each(families)("$name is refused", async (family) => {
  expect(await runFamily(family, scene, count)).toEqual([]);
  expect(untouched(scene)).toEqual(before);
});

test("what the attacks start from is accepted", async () => {
  const device = scene.newDevice();
  const { certificate, ticket } = await scene.desk.enrol(device, "honest");
  expect(certificate.certificatePem).toContain("BEGIN CERTIFICATE");
  expect(scene.desk.registrar.require(ticket.id).state).toBe("issued");
});
