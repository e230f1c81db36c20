import * as node from "node:crypto";
import { describe, expect, it } from "vitest";
import { TestDevice, testAttributes, testPublicArea } from "../testing/test-household.js";
import {
  cryptoFrom,
  deviceCounterName,
  fromHex,
  parseKeyCertify,
  parseKeyPublic,
  parseNvCertify,
  toHex,
  verifyKeyCertification,
} from "./index.js";

const crypto = cryptoFrom(node);

// Made by tpm2-tools 5.4 on swtpm 0.7.1: tpm2_readpublic, tpm2_certify, tpm2_nvcertify, tpm2_quote.
const attestationKey =
  "0023000b00050472000000100018000b000300100020b47c81192d6ac41369b6414c1e58a8731270bef4f9103fa182e80a39584c6201002010ec9ac44c6142a66d87e0dc9696f8eb17eedc6c1afa8ec8f7e2618edacaba47";
const readingKey =
  "0023000b00040472000000100018000b0003001000200f06912a6d28c982b39aee2da00f10401ca68cd45a5d638ec8dc9a5ab6ef24c00020ac54d979b85291acf30a8b3658a08cb994a3be4be824177425da59ebe1026c08";
const readingName = "000b8ef9a64b35dd775cb467cb1cf7ec380c135b813a1ebfb43c067098da18481f88";
const certifyAttest =
  "ff54434780170022000b498cebb7629ae24a7e7d9a785720bc18fd555beb0a50fc56b590e2b2d5616b97000400ff55aa00000000000004b800000001000000000120191023001636360022000b8ef9a64b35dd775cb467cb1cf7ec380c135b813a1ebfb43c067098da18481f880022000b7cfe07b6a9e3f83ccf686390244eefb5f19e296bab09a62cce84647cb16da868";
const certifySignature =
  "a5d76de5f2a07a48afd01fdee8a5cd1cc94d963c860a37b9f5d0744485037f7790e0580a3628ee69dcc4ed5f36661d4251bc0053e41964b1496eb5ed7a2142c5";
const nvAttest =
  "ff54434780140022000b498cebb7629ae24a7e7d9a785720bc18fd555beb0a50fc56b590e2b2d5616b9700204444444444444444444444444444444444444444444444444444444444444444000000000000685600000001000000000120191023001636360022000baec58f2fb0b380cc3419aff3fd2f430a7bc437ae9ba0cd78d6c4b5ccb335dcf9000000080000000000000001";
const quoteAttest =
  "ff54434780180022000b498cebb7629ae24a7e7d9a785720bc18fd555beb0a50fc56b590e2b2d5616b97000144000000000000687d000000010000000001201910230016363600000001000b03010000002066687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";

describe("structures of a TPM", () => {
  it("NV_Certify gives counter, clock, resets and the index's name", () => {
    const { indexName, contents, extraData, ...rest } = parseNvCertify(fromHex(nvAttest));
    expect(rest).toEqual({
      clockMs: 26_710n,
      resetCount: 1,
      restartCount: 0,
      safe: true,
      firmwareVersion: 0x2019102300163636n,
      offset: 0,
    });
    expect(toHex(contents)).toBe("0000000000000001");
    expect(toHex(extraData)).toBe("44".repeat(32));
    expect(toHex(indexName)).toBe(toHex(deviceCounterName(crypto.sha256)));
  });

  it("Certify gives the name of the certified key", () => {
    expect(toHex(parseKeyCertify(fromHex(certifyAttest)).name)).toBe(readingName);
  });

  it("a public area gives attributes, SubjectPublicKeyInfo and name", () => {
    const key = parseKeyPublic(fromHex(readingKey), crypto.sha256);
    expect(toHex(key.name)).toBe(readingName);
    expect(toHex(key.spki)).toBe(
      "3059301306072a8648ce3d020106082a8648ce3d030107034200040f06912a6d28c982b39aee2da00f10401ca68cd45a5d638ec8dc9a5ab6ef24c0ac54d979b85291acf30a8b3658a08cb994a3be4be824177425da59ebe1026c08",
    );
    expect(key.attributes).toEqual({
      fixedTpm: true,
      fixedParent: true,
      sensitiveDataOrigin: true,
      restricted: false,
      decrypt: false,
      sign: true,
    });
  });

  it("a coordinate without its leading zeros is filled up", () => {
    const spki = parseKeyPublic(
      fromHex(readingKey.replace("00200f06912a", "001f06912a")),
      crypto.sha256,
    ).spki;
    expect(toHex(spki).slice(54, 58)).toBe("0006");
  });

  it.each([
    ["evidence.attestation", "NV_Certify", nvAttest, parseNvCertify],
    ["evidence.attestation", "Certify", certifyAttest, parseKeyCertify],
    [
      "evidence.key",
      "public area",
      readingKey,
      (bytes: Uint8Array) => parseKeyPublic(bytes, crypto.sha256),
    ],
  ] as const)(
    "%s: a %s that ends early anywhere, or goes on after its end",
    (code, _, whole, parse) => {
      const bytes = fromHex(whole);
      for (let length = 0; length < bytes.length; length++) {
        expect(() => parse(bytes.slice(0, length))).toThrow(expect.objectContaining({ code }));
      }
      expect(() => parse(fromHex(`${whole}00`))).toThrow(expect.objectContaining({ code }));
      expect(() => parse(bytes)).not.toThrow();
    },
  );

  it("no attestation passes for one of another kind", () => {
    for (const other of [quoteAttest, certifyAttest]) {
      expect(() => parseNvCertify(fromHex(other))).toThrow(/type of TPM2_NV_Certify/);
    }
    expect(() => parseKeyCertify(fromHex(nvAttest))).toThrow(/type of TPM2_Certify/);
  });

  it.each([
    ["an RSA key", readingKey.replace(/^0023/, "0001")],
    ["a SHA-384 name", readingKey.replace(/^0023000b/, "0023000c")],
    ["a key with a symmetric part", readingKey.replace("00100018", "00060018")],
    ["a key for ECDAA", readingKey.replace("00100018", "0010001a")],
    ["a key for ECDSA with SHA-1", readingKey.replace("0018000b", "00180004")],
    ["a key on P-384", readingKey.replace("000b000300100020", "000b000400100020")],
    ["a key without a point", readingKey.replace(/0020[0-9a-f]{64}0020/, "00000020")],
    ["a key with a key derivation", readingKey.replace("000300100020", "000300200020")],
  ])("%s is refused", (_, area) => {
    expect(area).not.toBe(readingKey);
    expect(() => parseKeyPublic(fromHex(area), crypto.sha256)).toThrow(
      expect.objectContaining({ code: "evidence.key" }),
    );
  });
});

describe("the attestation key vouches for the reading key", () => {
  it("as a TPM says it", () => {
    const keys = verifyKeyCertification(
      {
        attestationKey: fromHex(attestationKey),
        readingKey: fromHex(readingKey),
        attest: fromHex(certifyAttest),
        signature: fromHex(certifySignature),
      },
      crypto,
    );
    expect(toHex(keys.readingName)).toBe(readingName);
    expect(keys.attestationSpki).toHaveLength(91);
  });

  const device = new TestDevice(node, "h1");
  const honest = {
    attestationKey: device.attestationKey,
    readingKey: device.readingKey,
    ...device.certify(),
  };
  const withKey = (which: "attestation" | "reading", flip: number): typeof honest => {
    const area = testPublicArea(device[which].spki, testAttributes[which] ^ flip);
    return which === "reading"
      ? { ...honest, readingKey: area, ...device.certify(device.nameOf(area)) }
      : { ...honest, attestationKey: area };
  };
  const foreign = new TestDevice(node, "h2");
  it.each([
    ["evidence.key", "an attestation key that may leave the TPM", withKey("attestation", 1 << 1)],
    [
      "evidence.key",
      "an attestation key that may leave its parent",
      withKey("attestation", 1 << 4),
    ],
    ["evidence.key", "an attestation key that was imported", withKey("attestation", 1 << 5)],
    ["evidence.key", "an attestation key that signs anything", withKey("attestation", 1 << 16)],
    ["evidence.key", "an attestation key that decrypts", withKey("attestation", 1 << 17)],
    ["evidence.key", "an attestation key that does not sign", withKey("attestation", 1 << 18)],
    [
      "evidence.key",
      "an attestation key of another scheme",
      { ...honest, attestationKey: unbound(honest.attestationKey) },
    ],
    ["evidence.key", "a reading key that may leave the TPM", withKey("reading", 1 << 1)],
    ["evidence.key", "a reading key that may leave its parent", withKey("reading", 1 << 4)],
    ["evidence.key", "a reading key that was imported", withKey("reading", 1 << 5)],
    ["evidence.key", "a restricted reading key", withKey("reading", 1 << 16)],
    ["evidence.key", "a reading key that decrypts", withKey("reading", 1 << 17)],
    ["evidence.key", "a reading key that does not sign", withKey("reading", 1 << 18)],
    [
      "evidence.certification",
      "a certification of another key",
      { ...honest, ...device.certify(foreign.nameOf(foreign.readingKey)) },
    ],
    [
      "evidence.certification",
      "another device's certification",
      { ...honest, ...foreign.certify(device.nameOf(device.readingKey)) },
    ],
    [
      "evidence.certification",
      "another device's reading key",
      { ...honest, readingKey: foreign.readingKey },
    ],
    [
      "evidence.attestation",
      "a signed text that no TPM generated",
      {
        ...honest,
        attest: new Uint8Array(9),
        signature: device.attestation.sign(new Uint8Array(9)),
      },
    ],
  ] as const)("%s: %s is refused", (code, _, forged) => {
    expect(() => verifyKeyCertification(forged, crypto)).toThrow(expect.objectContaining({ code }));
  });
});

/** The same key without a scheme of its own: it would sign by whatever scheme is asked for. */
function unbound(area: Uint8Array): Uint8Array {
  return fromHex(toHex(area).replace("00100018000b", "00100010"));
}
