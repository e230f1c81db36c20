import { afterAll, expect, test } from "vitest";
import { foreignResponses, Workshop } from "./foreign-responses.js";

const count = Number(process.env["ENROLMENT_ATTACKS"] ?? 500);
const workshop = new Workshop();
afterAll(() => workshop.close());

test.each(Object.entries(foreignResponses))("%s", async (name, kind) => {
  const wrong = await workshop.hand(kind, count);
  process.stdout.write(`response file, ${name}: ${count} attempts, ${wrong.length} not refused\n`);
  expect(wrong).toEqual([]);
});
