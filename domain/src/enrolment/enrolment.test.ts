import { createHash, scrypt } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeText, enrolmentCode, normalCode } from "./code.js";
import { type EnrolmentRequest, enrolmentRequest, isBound, requestBinding } from "./request.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const request: EnrolmentRequest = {
  v: 1,
  nonce: "00".repeat(16),
  endorsementPublic: "01",
  attestationPublic: "02",
  readingPublic: "03",
  certification: { attest: "04", signature: "05".repeat(64) },
  counterName: `000b${"06".repeat(32)}`,
  meters: [{ id: "eastron/sdm630:12345678", role: "connection", profile: "07".repeat(32) }],
  place: { fuseA: 63, sealNumber: "A-17" },
};

describe("the code of a request", () => {
  it("is the same for whoever derives it, whatever the order of fields", async () => {
    const reordered = enrolmentRequest.parse(
      Object.fromEntries(Object.entries(request).toReversed()),
    );
    const code = await enrolmentCode(request, { sha256, scrypt });
    expect(code).toBe("TYZ5-0AEF");
    expect(await enrolmentCode(reordered, { sha256, scrypt })).toBe(code);
  });

  it("is another for another request", async () => {
    const codes = await Promise.all(
      [request, { ...request, nonce: "01".repeat(16) }].map((one) =>
        enrolmentCode(one, { sha256, scrypt }),
      ),
    );
    expect(new Set(codes).size).toBe(2);
  });

  it.each([
    [[0, 0, 0, 0, 0], "0000-0000"],
    [[255, 255, 255, 255, 255], "ZZZZ-ZZZZ"],
    [[0, 0, 0, 0, 1], "0000-0001"],
    [[0x08, 0, 0, 0, 0], "1000-0000"],
  ])("writes %j as %s", (bytes, text) => {
    expect(codeText(Uint8Array.from(bytes))).toBe(text);
  });

  it("is known again as people type it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 5, maxLength: 5 }), (bytes) => {
        const code = codeText(bytes);
        const typed = code.toLowerCase().replace("-", " ").replace(/0/g, "o").replace(/1/g, "l");
        expect(normalCode(typed)).toBe(code);
      }),
    );
  });
});

describe("a request's binding", () => {
  it("holds for the request it was made of, whatever its certification", () => {
    const { certification: _later, ...rest } = request;
    expect(isBound(request, requestBinding(rest, sha256), sha256)).toBe(true);
  });

  const changes: readonly Partial<EnrolmentRequest>[] = [
    { nonce: "01".repeat(16) },
    { endorsementPublic: "02" },
    { endorsementCertificate: "30" },
    { attestationPublic: "01" },
    { readingPublic: "01" },
    { counterName: `000b${"07".repeat(32)}` },
    { meters: [{ id: "eastron/sdm630:12345679", role: "connection", profile: "07".repeat(32) }] },
    { replaces: "h1" },
    { place: { fuseA: 64, sealNumber: "A-17" } },
  ];
  it.each(changes)("does not hold after a change of %j", (change) => {
    const bound = requestBinding(request, sha256);
    expect(isBound({ ...request, ...change }, bound, sha256)).toBe(false);
  });
});

it.each([
  { name: "an unknown field", change: { extra: 1 } },
  { name: "no meter", change: { meters: [] } },
  { name: "notes that are objects", change: { place: { fuse: { a: 1 } } } },
  { name: "capital hex", change: { endorsementPublic: "AB" } },
  {
    name: "33 notes",
    change: { place: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`n${i}`, i])) },
  },
])("a request with $name is none", ({ change }) => {
  expect(enrolmentRequest.safeParse({ ...request, ...change }).success).toBe(false);
});
