import * as node from "node:crypto";
import { TestDevice } from "@powershare/domain/testing";
import { describe, expect, it } from "vitest";
import { certificatesOf, checkCertificate } from "./certificate.js";
import { intermediate, leaf, otherRoot, root } from "./testing/certificates.js";

const readingSpki = new TestDevice(node, "h1").reading.spki;
const at = new Date("2027-06-01T12:00:00Z");

function check(
  pem: string,
  trust: string | undefined,
  changes = {},
): ReturnType<typeof checkCertificate> {
  const anchors = trust === undefined ? undefined : certificatesOf(trust);
  return checkCertificate(pem, { readingSpki, at, ...changes }, anchors);
}

describe("a certificate of a reading key", () => {
  it("is trusted by its issuer, or by the root over an intermediate that comes with it", () => {
    expect(check(leaf, intermediate)).toEqual({ subject: "CN=h1", trustedBy: "CN=community ca" });
    expect(check(`${leaf}\n${intermediate}`, root).trustedBy).toBe("CN=ca");
    expect(check(leaf, `${otherRoot}\n${intermediate}`).trustedBy).toBe("CN=community ca");
  });

  it("names its subject where nobody is to be trusted", () => {
    expect(check(leaf, undefined)).toEqual({ subject: "CN=h1", trustedBy: undefined });
  });

  const forged = leaf.replace(
    /[A-Za-z]=*\n-----END/,
    (end) => `${end.startsWith("A") ? "B" : "A"}${end.slice(1)}`,
  );
  it.each([
    ["nobody trusted issued", leaf, root, {}],
    ["nobody trusted issued", leaf, otherRoot, {}],
    ["nobody trusted issued", `${leaf}\n${otherRoot}`, root, {}],
    ["nobody trusted issued", leaf, leaf, {}],
    ["another key", leaf, intermediate, { readingSpki: new TestDevice(node, "h2").reading.spki }],
    ["another key", intermediate, root, {}],
    ["not at 2026-06-01", leaf, intermediate, { at: new Date("2026-06-01T12:00:00Z") }],
    ["not at 2127-01-01", leaf, undefined, { at: new Date("2127-01-01T00:00:00Z") }],
    ["no certificate", "h1", intermediate, {}],
    ["cannot be read", leaf.replace("MII", "AAA"), intermediate, {}],
    ["nobody trusted issued", forged, intermediate, {}],
  ])("is refused where %s", (why, pem, trust, changes) => {
    expect(pem === forged && forged === leaf).toBe(false);
    expect(() => check(pem, trust, changes)).toThrow(
      expect.objectContaining({ code: "evidence.certificate" }),
    );
    expect(() => check(pem, trust, changes)).toThrow(why);
  });
});
