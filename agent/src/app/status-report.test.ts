import { loadProfile } from "@powershare/firmware-profiles";
import { expect, it } from "vitest";
import { statusReport } from "../ports/status.js";
import { LiveMeters } from "./live-meters.js";
import { statusReportOf } from "./status-report.js";

it("tells of every configured meter what it said last, and which never spoke or fell silent", () => {
  const meters = new LiveMeters();
  meters.heard("line1/1", {
    meter: "eastron/sdm630:1",
    role: "connection",
    atMs: Date.parse("2026-06-01T12:00:00Z"),
    monotonicMs: 5_000,
    values: new Map([
      ["activePowerW", -1200.5],
      ["activeEnergyImportWh", 17],
    ]),
  });
  meters.silent("line1/1");
  const profile = loadProfile("eastron/sdm630");
  const report = statusReportOf({
    places: [
      { place: "line1/1", role: "connection", profile },
      { place: "line1/2", role: "generator", profile },
    ],
    meters,
    epochs: { all: [] },
    store: {
      sealedHead: () => ({ checkpoint: undefined, builders: new Map(), intervals: new Map() }),
    },
    clock: { nowMs: () => Date.parse("2026-06-01T12:00:03Z"), monotonicMs: () => 8_000 },
  })();
  expect(statusReport.parse(report)).toMatchObject({
    meters: [
      {
        meter: "eastron/sdm630:1",
        at: "2026-06-01T12:00:00.000Z",
        ageMs: 3_000,
        silent: true,
        activePowerW: -1200.5,
        importWh: 17,
        exportWh: null,
      },
      { place: "line1/2", meter: null, ageMs: null, silent: false, activePowerW: null },
    ],
    sealedAt: null,
  });
});
