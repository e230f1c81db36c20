import { readFileSync } from "node:fs";

/** What a process uses, as the kernel counts it. */
export interface ProcessUsage {
  readonly name: string;
  readonly rssMb: number;
  /** Share of one core over the time observed, in percent. */
  readonly cpuPercent: number;
}

interface NamedProcess {
  readonly name: string;
  readonly pid: number;
}

/** Clock ticks per second of /proc: fixed at 100 for user space on Linux, see proc(5). */
const ticksPerSecond = 100;

/** Watches processes while `wait` runs. */
export async function observeUsage(
  processes: readonly NamedProcess[],
  wait: () => Promise<void>,
): Promise<ProcessUsage[]> {
  const startedAt = performance.now();
  const before = processes.map(({ pid }) => cpuSeconds(pid));
  await wait();
  const seconds = (performance.now() - startedAt) / 1000;
  return processes.map(({ name, pid }, index) => ({
    name,
    rssMb: Math.round(rssKb(pid) / 1024),
    cpuPercent: round(((cpuSeconds(pid) - (before[index] ?? 0)) / seconds) * 100),
  }));
}

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // utime and stime are fields 14 and 15; the second field is a name in brackets that may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function rssKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
