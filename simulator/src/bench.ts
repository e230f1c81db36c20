import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { withFigures } from "./bench-document.js";
import { benchEvidence } from "./bench-evidence.js";
import { benchFigures } from "./bench-figures.js";
import { benchFlash, flashObstacle } from "./bench-flash.js";
import { type BenchOptions, parseBenchOptions } from "./bench-options.js";
import { benchPath } from "./bench-path.js";
import { pythonWithPeers } from "./bench-python.js";
import {
  type BenchPart,
  type BenchReport,
  benchRows,
  type Measured,
  peerRows,
  quietLoad,
  readerNames,
  reportVersion,
} from "./bench-report.js";
import { benchScan } from "./bench-scan.js";
import { benchSerial } from "./bench-serial.js";
import { benchWiring } from "./bench-wiring.js";
import { createRunDirectory, removeRun } from "./run-directory.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const reportFile = `${root}reports/bench.json`;
const page = `${root}docs/benchmarks.md`;

/** As of every command: something outside failed. */
const outsideFailed = 3;

const say = (message: string) => process.stderr.write(`${message}\n`);
const print = (line: string) => process.stdout.write(`${line}\n`);
const load = () => Number((loadavg()[0] ?? 0).toFixed(2));

async function measured<T>(figures: () => Promise<T>): Promise<Measured<T>> {
  const start = { at: new Date().toISOString(), loadAverage: load() };
  if (start.loadAverage > quietLoad) {
    say(`the machine is busy (load ${start.loadAverage}): times will be too long`);
  }
  try {
    return { ...start, figures: await figures() };
  } catch (error) {
    // The other parts are worth having all the same.
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    process.exitCode = outsideFailed;
    say(`failed: ${error instanceof Error ? error.message : String(error)}`);
    return { ...start, skipped: `failed: ${reason}` };
  }
}

function skip<T>(reason: string): Measured<T> {
  say(`skipped: ${reason}`);
  return { at: new Date().toISOString(), loadAverage: load(), skipped: reason };
}

async function measureParts(
  { only, flashSeconds }: BenchOptions,
  directory: string,
): Promise<Partial<BenchReport>> {
  const wants = (part: BenchPart) => only.includes(part);
  const python = pythonWithPeers();
  const obstacle = flashObstacle();
  const flash = () => {
    say(`flash: readings for ${Math.round(flashSeconds / 60)} min`);
    return measured(() => benchFlash(directory, flashSeconds));
  };
  return {
    ...(wants("serial")
      ? { serial: await measured(() => benchSerial({ directory, python, say })) }
      : {}),
    ...(wants("flash") ? { flash: obstacle ? skip(`flash ${obstacle}`) : await flash() } : {}),
    ...(wants("scan") ? { scan: await measured(benchScan) } : {}),
    ...(wants("evidence") ? { evidence: await measured(() => benchEvidence(directory, say)) } : {}),
    ...(wants("wiring") ? { wiring: await measured(benchWiring) } : {}),
    ...(wants("path") ? { path: await measured(() => benchPath(directory, say)) } : {}),
  };
}

const isReport = (value: unknown): value is BenchReport =>
  typeof value === "object" && value !== null && "v" in value && value.v === reportVersion;

/** What an earlier run measured, for the parts left out of this one. */
function earlierParts(): Pick<BenchReport, BenchPart> {
  try {
    const report: unknown = JSON.parse(readFileSync(reportFile, "utf8"));
    if (!isReport(report)) return {};
    const { serial, flash, scan, evidence, wiring, path } = report;
    return {
      ...(serial && { serial }),
      ...(flash && { flash }),
      ...(scan && { scan }),
      ...(evidence && { evidence }),
      ...(wiring && { wiring }),
      ...(path && { path }),
    };
  } catch {
    return {};
  }
}

function printReport(report: BenchReport): void {
  print(`${report.machine}, Node ${report.node}`);
  for (const { what, measured, budget } of benchRows(report)) {
    print(`${what}: ${measured}${budget ? `   (aim ${budget})` : ""}`);
  }
  const { path, serial } = report;
  for (const { reader, late, lines } of serial?.figures ? peerRows(serial.figures) : []) {
    const times = lines.map(
      ({ baudRate, p50Ms, p95Ms, utilisationPercent, gapViolations, requests, cpuMsPerSnapshot }) =>
        `${baudRate} Bd p50 ${p50Ms} p95 ${p95Ms} ms, ${utilisationPercent} % of the limit, ${gapViolations} of ${requests} too early, ${cpuMsPerSnapshot} ms CPU`,
    );
    print(`${readerNames[reader].padEnd(14)} ${times.join("; ")}; wrong ${late?.wrong ?? "?"}`);
  }
  if (path?.figures) print("process                      RSS MB   % of a core");
  for (const { name, rssMb, cpuPercent } of path?.figures?.processes ?? []) {
    print(`${name.padEnd(28)} ${String(rssMb).padStart(6)}   ${cpuPercent.toFixed(1).padStart(6)}`);
  }
}

function keepReport(report: BenchReport): void {
  mkdirSync(`${root}reports`, { recursive: true });
  writeFileSync(reportFile, `${JSON.stringify(report, null, 2)}\n`);
  for (const [name, svg] of benchFigures(report)) writeFileSync(`${root}docs/images/${name}`, svg);
  writeFileSync(page, withFigures(readFileSync(page, "utf8"), report));
  say("written: reports/bench.json, docs/benchmarks.md, docs/images/bench-*.svg");
}

const options = parseBenchOptions(process.argv.slice(2));
if ("exitCode" in options) {
  process.exitCode = options.exitCode;
} else {
  const directory = await createRunDirectory();
  try {
    const report: BenchReport = {
      v: reportVersion,
      machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}`,
      node: process.version,
      ...earlierParts(),
      ...(await measureParts(options, directory)),
    };
    printReport(report);
    keepReport(report);
  } finally {
    await removeRun(directory);
  }
}
