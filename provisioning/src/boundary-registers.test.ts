import * as node from "node:crypto";
import { recordEvidence, TestDevice } from "@powershare/domain/testing";
import { loadProfile } from "@powershare/firmware-profiles";
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
});
