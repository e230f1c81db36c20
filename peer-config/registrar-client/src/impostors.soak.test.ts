import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askPlain, Impostor, impostors } from "./testing/impostors.js";

const count = Number(process.env["ENROLMENT_ATTACKS"] ?? 500);
const impostor = new Impostor();
beforeAll(() => impostor.listen());
afterAll(() => impostor.close());

test.each(Object.entries(impostors))("%s", async (name, chain) => {
  let accepted = 0;
  for (let attempt = 0; attempt < count; attempt++) {
    impostor.show(chain(attempt));
    if ((await impostor.ask()) !== "enrolment.unavailable") accepted += 1;
  }
  process.stdout.write(
    `TLS impostor, ${name}: ${count} attempts, ${accepted} not refused, ${impostor.heard} heard\n`,
  );
  expect([accepted, impostor.heard]).toEqual([0, 0]);
});

test("random bytes in the place of TLS", async () => {
  let accepted = 0;
  for (let attempt = 0; attempt < count; attempt++) {
    if ((await askPlain(randomBytes(attempt))) !== "enrolment.unavailable") accepted += 1;
  }
  process.stdout.write(`TLS impostor, random bytes: ${count} attempts, ${accepted} not refused\n`);
  expect(accepted).toBe(0);
});
