import * as node from "node:crypto";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { derSignature, ocmfBytes, ocmfPayloads, ocmfRecord } from "./ocmf.js";
import type { Interval } from "./types.js";

const sha256 = (bytes: Uint8Array) => Uint8Array.from(createHash("sha256").update(bytes).digest());
const interval: Interval = {
  v: 1,
  participant: "h1",
  meter: "eastron/sdm630:12345678",
  role: "connection",
  sequence: 7,
  previous: "0".repeat(64),
  start: "2026-06-01T12:00:00Z",
  end: "2026-06-01T12:15:00Z",
  importWh: 10,
  exportWh: 0,
  first: { importWh: 100, exportWh: 5 },
  last: { importWh: 110, exportWh: 5 },
  readings: { first: 1, last: 9 },
  boundaryErrorMs: { start: 120, end: 3 },
  quality: "good",
  epoch: 2,
  merkleRoot: "ab".repeat(32),
};
const source = {
  device: "cd".repeat(32),
  version: "0.1.0",
  maker: "Eastron",
  model: "SDM630-Modbus V2",
  firmware: "protocol V1.8",
};
const payloadsOf = (change: Partial<Interval> = {}) =>
  ocmfPayloads({ ...interval, ...change }, source, sha256).map(({ text }): unknown =>
    JSON.parse(text),
  );

describe("the OCMF records of an interval", () => {
  it("are one per register, each from begin to end in whole Wh", () => {
    expect(payloadsOf()).toMatchObject([
      {
        FV: "1.3",
        PG: "T13",
        MS: "12345678",
        RD: [
          {
            TX: "B",
            RV: 100,
            RI: "01-00:01.08.00*FF",
            RU: "Wh",
            TM: "2026-06-01T12:00:00,120+0000 S",
          },
          {
            TX: "E",
            RV: 110,
            RI: "01-00:01.08.00*FF",
            RU: "Wh",
            TM: "2026-06-01T12:15:00,003+0000 S",
          },
        ],
        XE: 2,
        XM: "ab".repeat(32),
      },
      { PG: "T14", RD: [{ RV: 5, RI: "01-00:C0.08.00*FF" }, { RV: 5 }] },
    ]);
  });

  it("say that the time was not synchronised", () => {
    const [first] = payloadsOf({ quality: "unsynchronised" });
    expect(first).toMatchObject({ RD: [{ EF: "t" }, { EF: "t" }] });
    expect(JSON.stringify(first)).toContain("+0000 U");
  });

  it("name the meter by its serial number, and its epoch beside", () => {
    const [first] = payloadsOf({ meter: "eastron/sdm630:12345678.2" });
    expect(first).toMatchObject({ MS: "12345678", XN: "eastron/sdm630:12345678.2" });
  });

  it("hold no separator, and carry exactly the signed text", () => {
    for (const payload of ocmfPayloads(interval, source, sha256)) {
      expect(payload.text).not.toContain("|");
      const [head, text, signed = ""] = ocmfRecord(payload, Uint8Array.of(0x30, 0)).split("|");
      expect(head).toBe("OCMF");
      expect(new TextEncoder().encode(text)).toEqual(ocmfBytes(payload));
      expect(JSON.parse(signed)).toMatchObject({ SA: "ECDSA-secp256r1-SHA256", SD: "3000" });
    }
  });
});

describe("a signature in DER", () => {
  it("is what others read, whichever bytes it begins with", () => {
    const { privateKey, publicKey } = node.generateKeyPairSync("ec", { namedCurve: "P-256" });
    for (let i = 0; i < 600; i++) {
      const message = Buffer.from(`${i}`);
      const rs = node.sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
      expect(node.verify("sha256", message, publicKey, derSignature(rs))).toBe(true);
    }
  });

  it("keeps integers short and positive", () => {
    const r = new Uint8Array(32).fill(0xff, 31);
    const s = new Uint8Array(32).fill(0x7f, 30);
    const der = derSignature(Uint8Array.of(...r, ...s));
    expect(Buffer.from(der).toString("hex")).toBe("3008" + "020200ff" + "02027f7f");
  });
});
