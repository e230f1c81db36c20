import * as node from "node:crypto";
import type { EvidenceFile } from "@powershare/domain/evidence";
import { recordEvidence, TestDevice } from "@powershare/domain/testing";
import { encode, listProfiles, loadProfile, planReads } from "@powershare/firmware-profiles";
import { describe, expect, it } from "vitest";
import { checkBoundaryRegisters } from "./boundary-registers.js";

const file = recordEvidence(
  new TestDevice(node, "h1"),
  "h1",
  [
    { id: "eastron/sdm630:1", role: "connection", profile: loadProfile("eastron/sdm630").hash },
    { id: "eastron/sdm630:2", role: "generator", profile: "00".repeat(32) },
  ],
  { start: "2026-06-01T12:00:00Z", slotSeconds: 20, slots: 2 },
);

describe("raw registers at the ends of intervals", () => {
  it("are decoded with the profile that the reading names by its hash", () => {
    expect(checkBoundaryRegisters(file)).toEqual({ decoded: 4, unknownProfile: 4 });
  });

  it("say nothing where the file does not hold them", () => {
    expect(checkBoundaryRegisters({ ...file, readings: [] })).toEqual({
      decoded: 0,
      unknownProfile: 0,
    });
  });

  it("are refused where they say another value than the interval", () => {
    const packages = structuredClone(file.packages);
    packages[2]!.intervals[0]!.last.importWh += 1;
    expect(() => checkBoundaryRegisters({ ...file, packages })).toThrow(
      expect.objectContaining({
        code: "evidence.register-value",
        message:
          "eastron/sdm630:1 interval 2 states import 82 Wh and export 0 Wh, the registers of reading 81 say import 81 Wh and export 0 Wh",
      }),
    );
  });

  describe("that rolled over", () => {
    const profile = listProfiles().find(({ registers }) =>
      registers.some(
        ({ quantity, rollsOverAtWh }) =>
          quantity === "activeEnergyImportWh" && rollsOverAtWh !== undefined,
      ),
    );
    const rollsOverAtWh =
      profile?.registers.find(({ quantity }) => quantity === "activeEnergyImportWh")
        ?.rollsOverAtWh ?? 0;
    /** One interval whose ends show so much, under values that are unwrapped. */
    function rolledOver(showsWh: number): EvidenceFile {
      if (profile === undefined) throw new Error("no profile rolls over");
      const image = encode(profile, {
        activeEnergyImportWh: showsWh,
        activeEnergyExportWh: 0,
      });
      const registers = planReads(profile, {
        quantities: ["activeEnergyImportWh", "activeEnergyExportWh"],
      }).map(({ table, address, count }) => ({
        table,
        address,
        bytes: Buffer.from(image.read(table, address, count) ?? []).toString("hex"),
      }));
      const evidence = file.packages[0]!;
      const interval = {
        ...evidence.intervals[0]!,
        first: { importWh: rollsOverAtWh, exportWh: 0 },
        last: { importWh: 2 * rollsOverAtWh, exportWh: 0 },
      };
      const reading = { ...file.readings[0]!.reading, profile: profile.hash, registers };
      const readings = Object.values(interval.readings).map((sequence) => ({
        reading: { ...reading, sequence },
      }));
      return { ...file, packages: [{ ...evidence, intervals: [interval] }], readings };
    }

    it("are compared by what they show", () => {
      expect(rollsOverAtWh).toBeGreaterThan(0);
      expect(checkBoundaryRegisters(rolledOver(0))).toEqual({ decoded: 2, unknownProfile: 0 });
      expect(() => checkBoundaryRegisters(rolledOver(1_000))).toThrow(
        expect.objectContaining({ code: "evidence.register-value" }),
      );
    });
  });
});
