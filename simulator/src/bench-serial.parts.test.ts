import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonWithPeers } from "./bench-python.js";
import { benchSerial, type ReaderName, type SerialFigures } from "./bench-serial.js";

const directory = mkdtempSync(join(tmpdir(), "bench-"));
let figures: SerialFigures;
beforeAll(async () => {
  const python = pythonWithPeers();
  const lineRuns = [{ baudRate: 38_400, snapshots: 4 }];
  figures = await benchSerial({ directory, python, say: () => {}, lineRuns, lateRuns: 1 });
});
afterAll(() => rmSync(directory, { recursive: true }));

const names: readonly ReaderName[] = ["powershare", "pymodbus", "minimalmodbus", "modbus-serial"];

describe("the comparison of readers", () => {
  test("reads the same snapshot with each of them, every value right", () => {
    expect(figures.skipped).toEqual([]);
    const [line] = figures.lines;
    expect(line?.readers.map(({ reader, failedReads }) => ({ reader, failedReads }))).toEqual(
      names.map((reader) => ({ reader, failedReads: 0 })),
    );
    for (const { p50Ms, cpuMsPerSnapshot, rssMb, requests } of line?.readers ?? []) {
      expect(Math.min(p50Ms, cpuMsPerSnapshot, rssMb)).toBeGreaterThan(0);
      expect(requests).toBe((4 + 3) * figures.plan.length);
    }
  });

  test("counts silences that are not kept: none of ours, most of a reader that keeps none", () => {
    const violations = (name: ReaderName) =>
      figures.lines[0]?.readers.find(({ reader }) => reader === name)?.gapViolations;
    expect(violations("powershare")).toBe(0);
    expect(violations("modbus-serial")).toBeGreaterThan(10);
  });

  test("tells values of other registers after a late answer: none of ours, and the control has some", () => {
    const wrong = (name: ReaderName) =>
      figures.lateAnswer.readers.find(({ reader }) => reader === name)?.wrong;
    expect(wrong("powershare")).toBe(0);
    expect(wrong("minimalmodbus")).toBeGreaterThan(0);
    expect(wrong("modbus-serial")).toBeGreaterThan(0);
  });
});
