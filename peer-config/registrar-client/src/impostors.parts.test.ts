import { afterAll, beforeAll, expect, test } from "vitest";
import { askPlain, Impostor, impostors } from "./testing/impostors.js";

const impostor = new Impostor();
beforeAll(() => impostor.listen());
afterAll(() => impostor.close());

test("the registrar itself is spoken to", async () => {
  expect(await impostor.ask()).toBeUndefined();
  expect(impostor.heard).toBe(1);
});

test.each(Object.entries(impostors))("%s is told nothing", async (_, chain) => {
  const before = impostor.heard;
  for (const attempt of [0, 1, 2]) {
    impostor.show(chain(attempt));
    expect(await impostor.ask()).toBe("enrolment.unavailable");
  }
  expect(impostor.heard).toBe(before);
});

test.each([
  ["an HTTP server", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"],
  ["one that hangs up", ""],
])("%s is none", async (_, answer) => {
  expect(await askPlain(Buffer.from(answer))).toBe("enrolment.unavailable");
});
