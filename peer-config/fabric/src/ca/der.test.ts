import { generateKeyPairSync, sign, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toLowS } from "./der.js";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;

function sOf(signature: Uint8Array): bigint {
  const bytes = Buffer.from(signature);
  const sAt = 4 + bytes[3]! + 2;
  return BigInt(`0x${bytes.subarray(sAt).toString("hex")}`);
}

describe("a signature for Fabric", () => {
  test("has a low S and still verifies, whichever S the signer chose", () => {
    const seen = { low: 0, high: 0 };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (message) => {
        const signature = sign("sha256", message, privateKey);
        seen[sOf(signature) > HALF_ORDER ? "high" : "low"] += 1;
        const low = toLowS(signature);
        expect(sOf(low)).toBeLessThanOrEqual(HALF_ORDER);
        expect(verify("sha256", message, publicKey, low)).toBe(true);
        expect(toLowS(low)).toEqual(low);
      }),
      { numRuns: 200 },
    );
    expect(seen.low).toBeGreaterThan(0);
    expect(seen.high).toBeGreaterThan(0);
  });

  const good = sign("sha256", Buffer.from("x"), privateKey);
  test.each([
    ["nothing", Buffer.alloc(0)],
    [
      "r and s without DER",
      sign("sha256", Buffer.from("x"), { key: privateKey, dsaEncoding: "ieee-p1363" }),
    ],
    ["a cut signature", good.subarray(0, -1)],
    ["a byte too many", Buffer.concat([good, Buffer.of(0)])],
    ["s of zero", Buffer.from("3006020101020100", "hex")],
    ["r beyond the order", Buffer.from(`3026022100${"ff".repeat(32)}020101`, "hex")],
  ])("is not made from %s", (_, bytes) => {
    expect(() => toLowS(bytes)).toThrow(RangeError);
  });
});
