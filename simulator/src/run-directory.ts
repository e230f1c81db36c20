import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Every process of a run carries this variable, or works inside the run's directory as the
 * network's do; so a crashed run's processes can be told from all others.
 */
const runVariable = "POWERSHARE_RUN";

/** Where runs live unless told otherwise: on disk, since ledgers are larger than a memory file system should hold. */
export function runsRoot(): string {
  return join(process.env["POWERSHARE_CACHE"] ?? join(homedir(), ".cache", "powershare"), "runs");
}

/**
 * Makes a directory for one run, and marks this process and all it will start with it.
 * What earlier runs left behind whose owner is no longer alive is ended and removed first.
 */
export async function createRunDirectory(root = runsRoot()): Promise<string> {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(root)) {
    if (!isOwned(name)) await removeRun(join(root, name));
  }
  const directory = mkdtempSync(join(root, `${process.pid}-${startTimeOf(process.pid)}-`));
  process.env[runVariable] = directory;
  return directory;
}

/** Ends what still runs of a run, by process id, and removes its directory. */
export async function removeRun(directory: string): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const processes = processesOf(directory);
      if (processes.length === 0) break;
      if (attempt === 0) for (const pid of processes) sendSignal(pid, signal);
      await delay(100);
    }
  }
  rmSync(directory, { recursive: true, force: true });
}

/** Process ids of a run, this process excepted. */
export function processesOf(directory: string): number[] {
  const mark = `${runVariable}=${directory}`;
  const belongs = (pid: string) =>
    readIfThere(`/proc/${pid}/environ`)?.split("\0").includes(mark) === true ||
    workingDirectoryOf(pid)?.startsWith(`${directory}/`) === true;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(belongs)
    .map(Number);
}

function workingDirectoryOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It has ended meanwhile, or belongs to someone else.
    return undefined;
  }
}

/** A run's directory is named after its owner: process id and start time. */
function isOwned(name: string): boolean {
  const [pid = "", startTime] = name.split("-");
  return startTime !== undefined && startTimeOf(pid) === startTime;
}

/** When a process started, in clock ticks since boot: together with its id it names a process for good. */
function startTimeOf(pid: number | string): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets and may hold spaces; see proc(5).
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has ended meanwhile, or belongs to someone else.
    return undefined;
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
