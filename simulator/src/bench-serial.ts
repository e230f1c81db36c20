import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { loadProfile, planReads } from "@powershare/firmware-profiles";
import { wireTimeMs } from "@powershare/modbus";
import { z } from "zod";
import type { BenchTask } from "./bench-client.js";
import { type BenchSlave, startSlave } from "./bench-slave-process.js";
import { percentile } from "./statistics.js";

const profileId = "eastron/sdm630";
const nodeClient = fileURLToPath(new URL("../dist/bench-client.js", import.meta.url));
const pythonClient = fileURLToPath(new URL("../python/bench_peers.py", import.meta.url));
const runWithinMs = 180_000;

/** The readers that are compared; `python` are those of PyPI. */
const readers = [
  { name: "powershare", python: false },
  { name: "pymodbus", python: true },
  { name: "minimalmodbus", python: true },
  { name: "modbus-serial", python: false },
] as const;
type Reader = (typeof readers)[number];
export type ReaderName = Reader["name"];

const clientResult = z.object({
  timesMs: z.array(z.number()),
  outcomes: z.array(z.enum(["ok", "wrong", "error"])),
  cpuMs: z.number(),
  rssKb: z.number(),
});
type ClientResult = z.infer<typeof clientResult>;

/** What one reader needs for a snapshot on one line. */
export interface SnapshotFigures {
  readonly reader: ReaderName;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Wire limit over p50, in percent; above 100 only where silences are not kept. */
  readonly utilisationPercent: number;
  readonly requests: number;
  /** Requests that came before 3.5 characters of silence. */
  readonly gapViolations: number;
  readonly cpuMsPerSnapshot: number;
  readonly rssMb: number;
  readonly failedReads: number;
}

export interface LineFigures {
  readonly baudRate: number;
  /** Least time that the plan takes on the wire, silences included. */
  readonly wireLimitMs: number;
  readonly snapshots: number;
  readonly readers: readonly SnapshotFigures[];
}

/** What one late answer does to the reads after it. */
export interface LateFigures {
  readonly reader: ReaderName;
  readonly readsAfter: number;
  /** Values of another register, given as good: in the worst run. */
  readonly wrong: number;
  readonly runs: readonly { readonly wrong: number; readonly errors: number }[];
}

export interface SerialFigures {
  readonly profile: string;
  readonly values: number;
  readonly plan: readonly { readonly address: number; readonly count: number }[];
  readonly lines: readonly LineFigures[];
  readonly lateAnswer: {
    readonly baudRate: number;
    readonly timeoutMs: number;
    readonly lateMs: number;
    readonly readers: readonly LateFigures[];
  };
  /** Readers that could not be run here, and why. */
  readonly skipped: readonly string[];
}

export interface SerialBenchOptions {
  readonly directory: string;
  /** Python with pymodbus and minimalmodbus; undefined leaves them out. */
  readonly python: string | undefined;
  readonly say: (message: string) => void;
  /** Baud rates with snapshots to read at each; tests are content with fewer. */
  readonly lineRuns?: readonly { readonly baudRate: number; readonly snapshots: number }[];
  readonly lateRuns?: number;
}

const lineRuns = [
  { baudRate: 9600, snapshots: 60 },
  { baudRate: 38_400, snapshots: 150 },
] as const;
/** As published for the peers: 40 reads in turn of two values, the tenth answered late. */
const late = {
  baudRate: 19_200,
  timeoutMs: 200,
  lateMs: 260,
  index: 9,
  reads: 40,
  runs: 5,
} as const;

/** Reads an SDM630's snapshot with each reader over a pseudo-terminal, one after the other. */
export async function benchSerial(options: SerialBenchOptions): Promise<SerialFigures> {
  const profile = loadProfile(profileId);
  const plan = planReads(profile, { baudRate: 9600 });
  const blocks = plan.map(({ address, count }) => ({ address, count }));
  const present = readers.filter(({ python }) => !python || options.python !== undefined);
  const lines: LineFigures[] = [];
  for (const { baudRate, snapshots } of options.lineRuns ?? lineRuns) {
    const figures: SnapshotFigures[] = [];
    const wireLimitMs = wireTimeMs(plan, baudRate);
    for (const reader of present) {
      options.say(`${profileId} at ${baudRate} Bd by ${reader.name}`);
      const task = { baudRate, blocks, rounds: snapshots, warmUp: 3, timeoutMs: 1_000 };
      const { result, counts } = await measure(reader, task, options);
      figures.push(snapshotFigures(reader.name, result, counts, wireLimitMs));
    }
    lines.push({ baudRate, wireLimitMs: round(wireLimitMs), snapshots, readers: figures });
  }
  const { baudRate, timeoutMs, lateMs } = late;
  const skipped = readers.filter((reader) => !present.includes(reader));
  return {
    profile: profileId,
    values: profile.registers.filter(({ pollClass }) => pollClass === "fast").length,
    plan: blocks,
    lines,
    lateAnswer: { baudRate, timeoutMs, lateMs, readers: await lateAnswers(present, options) },
    skipped: skipped.map(({ name }) => `${name}: no Python with it, see npm run setup -- --bench`),
  };
}

async function lateAnswers(present: readonly Reader[], options: SerialBenchOptions) {
  const figures: LateFigures[] = [];
  const blocks = [
    { address: 0, count: 2 },
    { address: 100, count: 2 },
  ];
  const { baudRate, timeoutMs, reads } = late;
  for (const reader of present) {
    options.say(`one late answer, ${reader.name}`);
    const task = { baudRate, timeoutMs, blocks, rounds: reads / 2, warmUp: 0 };
    const runs: { wrong: number; errors: number }[] = [];
    for (let run = 0; run < (options.lateRuns ?? late.runs); run += 1) {
      const { result } = await measure(reader, task, options, late);
      const after = result.outcomes.slice(late.index + 1);
      const count = (kind: string) => after.filter((outcome) => outcome === kind).length;
      runs.push({ wrong: count("wrong"), errors: count("error") });
    }
    const wrong = Math.max(...runs.map((run) => run.wrong));
    figures.push({ reader: reader.name, readsAfter: reads - late.index - 1, wrong, runs });
  }
  return figures;
}

async function measure(
  { name, python }: Reader,
  task: Omit<BenchTask, "path">,
  options: SerialBenchOptions,
  fault?: { readonly index: number; readonly lateMs: number },
): Promise<{ result: ClientResult; counts: Awaited<ReturnType<BenchSlave["counts"]>> }> {
  const { directory } = options;
  const path = join(directory, "bench-line");
  const { baudRate } = task;
  const logFile = join(directory, "bench-slave.log");
  const slave = await startSlave({ path, baudRate, logFile, ...(fault ? { fault } : {}) });
  try {
    const program = python ? (options.python ?? "python3") : process.execPath;
    const client = python ? pythonClient : nodeClient;
    const { stdout } = await promisify(execFile)(
      program,
      [client, name, JSON.stringify({ ...task, path })],
      { timeout: runWithinMs, maxBuffer: 16 * 1024 * 1024 },
    );
    const result = clientResult.parse(JSON.parse(stdout));
    return { result, counts: await slave.counts() };
  } finally {
    await slave.stop();
  }
}

function snapshotFigures(
  reader: ReaderName,
  { timesMs, outcomes, cpuMs, rssKb }: ClientResult,
  { requests, gapViolations }: { readonly requests: number; readonly gapViolations: number },
  wireLimitMs: number,
): SnapshotFigures {
  const p50Ms = percentile(timesMs, 0.5) ?? 0;
  return {
    reader,
    p50Ms: round(p50Ms),
    p95Ms: round(percentile(timesMs, 0.95) ?? 0),
    utilisationPercent: round((100 * wireLimitMs) / p50Ms),
    requests,
    gapViolations,
    cpuMsPerSnapshot: round(cpuMs),
    rssMb: Math.round(rssKb / 1024),
    failedReads: outcomes.filter((outcome) => outcome !== "ok").length,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
