import * as node from "node:crypto";
import { cryptoFrom, ocmfPayloads, ocmfRecord } from "@powershare/domain/evidence";
import { recordEvidence, TestDevice } from "@powershare/domain/testing";
import { describe, expect, it } from "vitest";
import { ocmfGap, ocmfNumber, ocmfXml, spkiHex } from "./ocmf-files.js";

const device = new TestDevice(node, "h1");
const { packages } = recordEvidence(
  device,
  "h1",
  [
    { id: "eastron/sdm630:1", role: "connection", profile: "ab".repeat(32) },
    { id: "eastron/sdm230:2", role: "generator", profile: "cd".repeat(32) },
  ],
  { start: "2026-06-01T12:00:00Z", slotSeconds: 5, slots: 4 },
);
const source = { device: device.id, version: "1", maker: "M & Co", model: "<m>", firmware: "" };
const { sha256 } = cryptoFrom(node);
const records = packages
  .flatMap(({ intervals }) => intervals)
  .flatMap((interval) => ocmfPayloads(interval, source, sha256))
  .map((payload) => ocmfRecord(payload, Uint8Array.of(1, 2, 3)));
const gapIn = (lines: readonly string[]) => ocmfGap(lines.map(ocmfNumber));

describe("OCMF records", () => {
  it("count per meter, also where those of several meters are mixed", () => {
    expect(records).toHaveLength(16);
    expect(gapIn(records)).toBeUndefined();
    expect(gapIn(records.slice(5))).toBeUndefined();
  });

  it("of which one is missing, repeated or out of order show it", () => {
    for (let at = 4; at < 12; at++) {
      const { meter } = ocmfNumber(records[at] ?? "");
      expect(gapIn(records.toSpliced(at, 1))?.meter).toBe(meter);
      expect(gapIn(records.toSpliced(at, 0, records[at] ?? ""))?.meter).toBe(meter);
    }
    const [a = "", b = "", ...rest] = records;
    expect(gapIn([b, a, ...rest])).toBeDefined();
  });

  it.each(["", "OCMF", "OCMF|{}|{}", "OCMF|{|{}", 'OCMF|{"PG":"F1","XN":"m"}|{}', "XCMF|{}|{}"])(
    "are not %j",
    (line) => {
      expect(() => ocmfNumber(line)).toThrow(expect.objectContaining({ code: "evidence.schema" }));
    },
  );

  it("stand in XML with what it reserves escaped, and their key", () => {
    const { publicKey } = node.generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = spkiHex(publicKey.export({ type: "spki", format: "pem" }).toString());
    const xml = ocmfXml(records.slice(0, 1), key);
    expect(key).toMatch(/^3059301306072a8648ce3d0201/);
    expect(xml).toContain("M &amp; Co");
    expect(xml).toContain("&lt;m&gt;");
    expect(xml).toContain(`<publicKey encoding="plain">${key}</publicKey>`);
  });
});
