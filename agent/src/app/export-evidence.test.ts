import { parseEvidenceFile, verifyEvidenceFile } from "@powershare/domain/evidence";
import { loadProfile } from "@powershare/firmware-profiles";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { deviceOf } from "../testing/recorded-household.js";
import { SimHousehold, slotSeconds } from "../testing/sim-household.js";
import { type EvidenceExport, evidenceExport } from "./export-evidence.js";

vi.setConfig({ testTimeout: 30_000 });
const slots = 4;
let home: SimHousehold;
let evidence: EvidenceExport;
let pauses: number;
beforeAll(async () => {
  home = new SimHousehold();
  home.start();
  await home.clock.advance(slots * slotSeconds * 1000);
  const { store, signer } = home;
  evidence = evidenceExport({
    store,
    signer,
    device: deviceOf(home),
    profiles: [loadProfile("eastron/sdm630")],
    version: "0.1.0",
    pause: async () => {
      pauses += 1;
    },
  });
});
afterAll(() => home.dispose());
const proven = (file: unknown) =>
  verifyEvidenceFile(parseEvidenceFile(file), home.signer.keys.crypto);
const year = { from: Date.parse("2026-01-01T00:00:00Z"), to: Date.parse("2027-01-01T00:00:00Z") };

describe("evidence for others", () => {
  it("proves every sealed reading by itself, and none that is not sealed", () => {
    const sealed = home.store.sealedHead().checkpoint?.statement.readings.last ?? 0;
    for (let sequence = 1; sequence <= sealed; sequence += 13) {
      expect(proven(evidence.proof(sequence))).toMatchObject({ proven: true, readings: 1 });
    }
    expect(evidence.proof(sealed + 1)).toBeUndefined();
  });

  it("gives packages with all readings of a time, in whole batches", () => {
    const whole = evidence.log(year.from, year.to);
    expect(proven(whole)).toMatchObject({ proven: true });
    const sealed = home.store.sealedHead().checkpoint?.statement.readings.last;
    expect(whole?.readings).toHaveLength(sealed ?? -1);
    const later = evidence.log(home.clock.nowMs() - 25_000, year.to);
    expect(proven(later)).toMatchObject({ proven: true });
    expect(later?.readings?.length).toBeLessThan(whole?.readings?.length ?? 0);
    expect(evidence.log(year.to, year.to + 1)).toMatchObject({ packages: [], readings: [] });
  });

  it("gives nothing that a replaced device certified: no file of the new one proves it", () => {
    const { store, signer } = home;
    const device = { ...deviceOf(home), device: "00".repeat(32) };
    const later = evidenceExport({ store, signer, device, profiles: [], version: "0.1.0" });
    expect(later.proof(1)).toBeUndefined();
    expect(later.log(year.from, year.to)).toMatchObject({
      packages: [],
      checkpoints: [],
      readings: [],
    });
  });

  it("signs records one at a time, and lets the TPM rest after each", async () => {
    pauses = 0;
    const before = home.signer.signatures;
    const records = evidence.ocmf(year.from, year.to);
    for (let count = 1; count <= 3; count++) {
      await records.next();
      // What was not asked for is not signed.
      expect(home.signer.signatures - before).toBe(count);
      expect(pauses).toBe(count - 1);
    }
    await records.return(undefined);
    expect(home.signer.signatures - before).toBe(3);
  });
});
