import * as node from "node:crypto";
import { describe, expect, it } from "vitest";
import { testKey } from "../testing/test-household.js";
import { concatBytes, cryptoFrom, fromHex, toHex, utf8 } from "./index.js";

const crypto = cryptoFrom(node);
const key = testKey(node, "h1");
const { spki } = key;
const message = utf8("12 kWh");
const signature = key.sign(message);
/** Order of the P-256 group (SEC 2, 2.4.2). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function bytes32(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, "0"));
}
function parts(whole: Uint8Array): { r: bigint; s: bigint } {
  const hex = toHex(whole);
  return { r: BigInt(`0x${hex.slice(0, 64)}`), s: BigInt(`0x${hex.slice(64)}`) };
}

describe("crypto from node:crypto", () => {
  it("hashes as FIPS 180-4 shows for abc", () => {
    expect(toHex(crypto.sha256(utf8("abc")))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  it("accepts a signature in r ‖ s, with s in either half: a TPM gives both", () => {
    const { r, s } = parts(signature);
    expect(crypto.verifyP256(spki, message, signature)).toBe(true);
    const other = concatBytes(bytes32(r), bytes32(order - s));
    expect(crypto.verifyP256(spki, message, other)).toBe(true);
  });

  const { r, s } = parts(signature);
  const offCurve = spki.slice();
  offCurve[90] = (offCurve[90] ?? 0) ^ 1;
  const p384 = node
    .generateKeyPairSync("ec", { namedCurve: "P-384" })
    .publicKey.export({ format: "der", type: "spki" });
  it.each([
    ["another message", spki, utf8("13 kWh"), signature],
    ["r of zero", spki, message, concatBytes(bytes32(0n), bytes32(s))],
    ["s of zero", spki, message, concatBytes(bytes32(r), bytes32(0n))],
    ["r at the group's order", spki, message, concatBytes(bytes32(order), bytes32(s))],
    ["s at the group's order", spki, message, concatBytes(bytes32(r), bytes32(order))],
    ["a short signature", spki, message, signature.slice(1)],
    ["DER instead of r ‖ s", spki, message, fromHex("3006020101020101")],
    ["a point off the curve", offCurve, message, signature],
    ["a key on another curve", new Uint8Array(p384), message, signature],
    ["an empty key", new Uint8Array(0), message, signature],
    ["another key", testKey(node, "h2").spki, message, signature],
  ])("says no, without throwing, to %s", (_, publicKey, signed, given) => {
    expect(crypto.verifyP256(publicKey, signed, given)).toBe(false);
  });
});
