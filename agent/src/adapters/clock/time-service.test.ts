import { describe, expect, it } from "vitest";
import { askKeeper, chronyTracking, type Surroundings, type TimeReport } from "./time-service.js";

const nowMs = Date.UTC(2026, 5, 1, 12);
// As chrony 4.3 printed them.
const notYet =
  "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,1.000000000,0.0,Not synchronised\n";
const itself =
  "7F7F0101,,8,1795376297.696678124,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,0.000000000,0.000000000,0.0,Normal\n";
// Put together after its manual.
const tracking =
  "C0000201,192.0.2.1,3,1780315170.250000000,-0.000123000,0.000045000,0.000100000,-12.345,0.001,0.050,0.020000000,0.001500000,64.2,Normal\n";

/** A machine with these files (by when they were written) and commands (by what they print). */
function machine(
  files: Readonly<Record<string, number>>,
  commands: Readonly<Record<string, string>> = {},
): Surroundings {
  return {
    modifiedMs: (path) => files[path],
    run: async (command) => {
      const printed = commands[command];
      if (printed === undefined) throw new Error(`${command}: not found, or no answer in time`);
      return printed;
    },
    nowMs: () => nowMs,
  };
}

const timesync = "/run/systemd/timesync";
const systemd = { "/run/systemd/system": 0 };
const chrony = { "/run/chrony": 0 };
const touched = { [timesync]: 0, [`${timesync}/synchronized`]: nowMs - 64_000 };

describe("whoever keeps the time", () => {
  it.each<[name: string, around: Surroundings, report: TimeReport | undefined]>([
    [
      "timesyncd that has compared",
      machine({ ...systemd, ...touched }),
      { keeper: "timesyncd", syncedAtMs: nowMs - 64_000, errorMs: 0 },
    ],
    [
      "timesyncd that has not",
      machine({ ...systemd, [timesync]: 0 }),
      { keeper: "timesyncd", syncedAtMs: undefined, errorMs: 0 },
    ],
    [
      "chrony that has",
      machine({ ...systemd, ...chrony }, { chronyc: tracking }),
      { keeper: "chrony", syncedAtMs: 1_780_315_170_250, errorMs: 12 },
    ],
    [
      "chrony that has not",
      machine({ ...systemd, ...chrony }, { chronyc: notYet }),
      { keeper: "chrony", syncedAtMs: undefined, errorMs: 1500 },
    ],
    [
      "chrony that believes in itself alone",
      machine({ ...systemd, ...chrony }, { chronyc: itself }),
      { keeper: "chrony", syncedAtMs: undefined, errorMs: 0 },
    ],
    [
      "chrony beside a timesyncd that never compared",
      machine({ ...systemd, [timesync]: 0, ...chrony }, { chronyc: tracking }),
      { keeper: "chrony", syncedAtMs: 1_780_315_170_250, errorMs: 12 },
    ],
    [
      "another service, by the kernel",
      machine(systemd, { timedatectl: "yes\n" }),
      { keeper: "kernel", syncedAtMs: nowMs, errorMs: 0 },
    ],
    [
      "chrony that does not answer, by the kernel",
      machine({ ...systemd, ...chrony }, { timedatectl: "no\n" }),
      { keeper: "kernel", syncedAtMs: undefined, errorMs: 0 },
    ],
    ["nobody who answers", machine(systemd), undefined],
    ["somebody who says something else", machine(systemd, { timedatectl: "perhaps" }), undefined],
    ["the host of a container", machine({}), { keeper: "host", syncedAtMs: nowMs, errorMs: 0 }],
  ])("is heard: %s", async (_, around, report) => {
    expect(await askKeeper(around)).toEqual(report);
  });

  it.each([["", "506 Cannot talk to daemon", "a,b,c", tracking.replace("178", "x")]])(
    "is not taken from other words: %j",
    (line) => {
      expect(chronyTracking(line)).toBeUndefined();
    },
  );
});
