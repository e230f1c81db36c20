import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withFigures } from "./bench-document.js";
import { benchFigures } from "./bench-figures.js";
import { type BenchReport, benchRows } from "./bench-report.js";
import type { ReaderName } from "./bench-serial.js";

const page = readFileSync(new URL("../../docs/benchmarks.md", import.meta.url), "utf8");

const reader = (name: ReaderName, gapViolations: number) => ({
  reader: name,
  p50Ms: 338.7,
  p95Ms: 343.1,
  utilisationPercent: 98.4,
  requests: 252,
  gapViolations,
  cpuMsPerSnapshot: 8.2,
  rssMb: 60,
  failedReads: 0,
});
const late = (name: ReaderName, wrong: number) => ({
  reader: name,
  readsAfter: 30,
  wrong,
  runs: [{ wrong, errors: 0 }],
});
const at = { at: "2026-11-22T21:00:00.000Z", loadAverage: 0.1 };
const report: BenchReport = {
  v: 1,
  machine: "2 × processor",
  node: "v20.20.2",
  serial: {
    ...at,
    figures: {
      profile: "eastron/sdm630",
      values: 52,
      plan: [{ address: 0, count: 36 }],
      lines: [
        {
          baudRate: 9600,
          wireLimitMs: 333.3,
          snapshots: 60,
          readers: [reader("powershare", 0), reader("modbus-serial", 249)],
        },
      ],
      lateAnswer: {
        baudRate: 19_200,
        timeoutMs: 200,
        lateMs: 260,
        readers: [late("powershare", 0), late("modbus-serial", 30)],
      },
      skipped: [],
    },
  },
  flash: { ...at, skipped: "flash needs root" },
};

test("figures come between the page's marks, and nothing else of it changes", () => {
  const once = withFigures(page, report);
  const [before, after] = [page.split("<!--")[0] ?? "", page.split("-->").at(-1) ?? ""];
  expect(once.startsWith(before)).toBe(true);
  expect(once.endsWith(after)).toBe(true);
  expect(once).toContain("p50 338.7 ms, p95 343.1 ms; the wire alone needs 333.3 ms | ≤ 340 ms");
  expect(withFigures(once, report)).toBe(once);
});

test("a part that was skipped or not run is said to be so, with the reason", () => {
  const rows = benchRows(report).map(({ what, measured }) => `${what}: ${measured}`);
  expect(rows).toContain("flash: not measured: flash needs root");
  expect(rows).toContain("scan: not measured: not run");
});

test("who breaks the silence or gives wrong values is drawn as that, in words too", () => {
  const svg = benchFigures(report).get("bench-snapshot.svg") ?? "";
  expect(svg).toContain("99 % of requests break the silence");
  expect(svg).toContain("30 of 30");
  expect(svg.match(/<rect class="bad"/g)).toHaveLength(2);
  expect(benchFigures(report).has("bench-flash.svg")).toBe(false);
});

test("a page without its marks is refused", () => {
  expect(() => withFigures("# Benchmarks", report)).toThrow(RangeError);
});
