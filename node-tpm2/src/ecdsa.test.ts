import { generateKeyPairSync, sign, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { p1363, toDerLowS } from "./ecdsa.js";

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const half = order / 2n;
const bytesOf = (value: bigint) => Buffer.from(value.toString(16).padStart(64, "0"), "hex");
const join = (r: bigint, s: bigint) => Uint8Array.from([...bytesOf(r), ...bytesOf(s)]);
const sOf = (rs: Uint8Array) => BigInt(`0x${Buffer.from(rs.subarray(32)).toString("hex")}`);
/** All of [1, n), with the ends and short values well represented. */
const scalar = fc.oneof(
  fc.bigInt({ min: 1n, max: order - 1n }),
  fc.bigInt({ min: 1n, max: 0x10000n }),
  fc.constantFrom(1n, 0x7fn, 0x80n, half, half + 1n, order - 1n),
);

describe("toDerLowS", () => {
  it("keeps r, and gives s or n - s, whichever is lower", () => {
    fc.assert(
      fc.property(scalar, scalar, (r, s) => {
        const low = s > half ? order - s : s;
        expect(p1363(toDerLowS(join(r, s)))).toEqual(join(r, low));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("is what OpenSSL verifies, for both forms of the same signature", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    for (let round = 0; round < 20; round += 1) {
      const message = Buffer.from(`reading ${round}`);
      const der = sign("sha256", message, privateKey);
      const rs = p1363(der);
      const mirrored = join(
        BigInt(`0x${Buffer.from(rs.subarray(0, 32)).toString("hex")}`),
        order - sOf(rs),
      );
      expect(toDerLowS(mirrored)).toEqual(toDerLowS(rs));
      expect(verify("sha256", message, publicKey, toDerLowS(rs))).toBe(true);
    }
  });

  it.each([
    ["63 bytes", new Uint8Array(63)],
    ["65 bytes", new Uint8Array(65)],
    ["r of zero", join(0n, 1n)],
    ["s of zero", join(1n, 0n)],
    ["r of n", join(order, 1n)],
    ["s of n", join(1n, order)],
  ])("refuses %s", (_, rs) => {
    expect(() => toDerLowS(rs)).toThrow(RangeError);
  });
});

describe("p1363", () => {
  it.each([
    ["nothing", ""],
    ["a wrong sequence length", "300702010102010199"],
    ["bytes after the sequence", "300602010102010100"],
    ["bytes after s inside it", "300702010102010100"],
    ["a negative integer", "30060201ff020101"],
    ["a needless zero", "30070202000102010101"],
    ["zero", "3006020100020101"],
    ["an integer cut short", "3003020201"],
    ["an integer of 33 bytes", `302602 21${"11".repeat(33)}020101`],
  ])("refuses %s", (_, hex) => {
    const der = Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
    expect(() => p1363(der)).toThrow(RangeError);
  });
});
