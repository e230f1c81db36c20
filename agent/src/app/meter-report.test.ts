import type { Reading } from "@powershare/domain/evidence";
import { encode, loadProfile } from "@powershare/firmware-profiles";
import { describe, expect, it } from "vitest";
import { meterReport } from "../ports/meters.js";
import { meterReportOf } from "./meter-report.js";

const profile = loadProfile("eastron/sdm630");
const startMs = Date.parse("2026-06-01T12:00:00Z");

function rejected(second: number, reason: string, importWh?: number): Reading {
  const image = encode(profile, { activeEnergyImportWh: importWh ?? 0, activeEnergyExportWh: 7 });
  const bytes = Buffer.from(image.read("input", 0x48, importWh === undefined ? 2 : 4) ?? []);
  return {
    v: 1,
    meter: "eastron/sdm630:1",
    sequence: second,
    at: new Date(startMs + second * 1000).toISOString(),
    monotonicMs: second * 1000,
    bootId: "b",
    clock: "synchronised",
    profile: profile.hash,
    registers: [{ table: "input", address: 0x48, bytes: bytes.toString("hex") }],
    quality: "rejected",
    reason,
  };
}

function reportOf(readings: readonly Reading[]) {
  const store = { rejectedReadings: () => readings.toReversed(), lastGood: () => undefined };
  return meterReport.parse(meterReportOf({ store, epochs: { pending: [] }, profiles: [profile] })())
    .rejected;
}

describe("rejected readings", () => {
  it("of one meter and one reason without a long pause are one matter, with what the newest one showed", () => {
    const went = "meter.register-went-back";
    const report = reportOf([
      rejected(1, went, 12),
      rejected(2, "meter.no-value"),
      rejected(3, went, 15),
      rejected(2_000, went, 16),
    ]);
    expect(report).toMatchObject([
      { code: went, count: 1, importWh: 16, exportWh: 7 },
      {
        code: went,
        count: 2,
        importWh: 15,
        from: "2026-06-01T12:00:01.000Z",
        to: "2026-06-01T12:00:03.000Z",
      },
      { code: "meter.no-value", count: 1, importWh: null, exportWh: null },
    ]);
    expect(report[0]?.meaning).toContain("lower than");
  });

  it("of an unknown profile or reason are shown all the same", () => {
    const strange = { ...rejected(1, "meter.of-tomorrow", 5), profile: "00".repeat(32) };
    expect(reportOf([strange])).toMatchObject([
      { code: "meter.of-tomorrow", meaning: "meter.of-tomorrow", importWh: null },
    ]);
  });

  it("are twenty matters at most", () => {
    const many = Array.from({ length: 50 }, (_, n) => rejected(n, `meter.reason-${n}`, 1));
    expect(reportOf(many)).toHaveLength(20);
  });
});
