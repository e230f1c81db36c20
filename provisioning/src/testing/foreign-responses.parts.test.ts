import { afterAll, expect, test } from "vitest";
import { foreignResponses, Workshop } from "./foreign-responses.js";

const workshop = new Workshop();
afterAll(() => workshop.close());

test.each(Object.entries(foreignResponses))(
  "%s is refused, and nothing of it kept",
  async (_, kind) => {
    expect(await workshop.hand(kind, 3)).toEqual([]);
  },
);

test("its own is taken", async () => {
  expect(await workshop.handRight()).toBe("enrolled");
});
