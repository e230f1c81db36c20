import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { benchPath, type PathFigures } from "./bench-path.js";
import { benchSnapshots, type SnapshotFigures } from "./bench-serial.js";
import { createRunDirectory, removeRun } from "./run-directory.js";

const reports = fileURLToPath(new URL("../../reports/", import.meta.url));
const say = (message: string) => process.stderr.write(`${message}\n`);
const print = (line: string) => process.stdout.write(`${line}\n`);

function printFigures(snapshot: SnapshotFigures, path: PathFigures): void {
  const { evidenceToCommit: evidence } = path;
  print(
    `machine                      ${cpus().length} x ${cpus()[0]?.model ?? "?"}, Node ${process.version}`,
  );
  print(
    `snapshot of ${snapshot.profile}   ${snapshot.values} values, ${snapshot.requests} requests: p50 ${snapshot.p50Ms} ms, p95 ${snapshot.p95Ms} ms; wire limit ${snapshot.wireLimitMs} ms; gap violations ${snapshot.gapViolations}`,
  );
  print(
    `evidence to committed        p50 ${evidence.p50Ms} ms, p95 ${evidence.p95Ms} ms over ${evidence.transactions} transactions`,
  );
  print(
    `seconds to settled trade     ${path.secondsToFirstSettlement} s with ${path.households} households`,
  );
  print("process                      RSS MB   % of a core");
  for (const { name, rssMb, cpuPercent } of path.processes) {
    print(`${name.padEnd(28)} ${String(rssMb).padStart(6)}   ${cpuPercent.toFixed(1).padStart(6)}`);
  }
}

const directory = await createRunDirectory();
try {
  say("snapshots over a pseudo-terminal");
  const snapshot = await benchSnapshots(directory);
  say("a neighbourhood until it trades");
  const path = await benchPath(directory, say);
  printFigures(snapshot, path);
  mkdirSync(reports, { recursive: true });
  const report = { at: new Date().toISOString(), node: process.version, cores: cpus().length };
  writeFileSync(
    `${reports}bench.json`,
    `${JSON.stringify({ ...report, snapshot, path }, null, 2)}\n`,
  );
} finally {
  await removeRun(directory);
}
