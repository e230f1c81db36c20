import type { EvidenceFigures } from "./bench-evidence.js";
import { evidenceRows } from "./bench-evidence-rows.js";
import type { FlashFigures } from "./bench-flash.js";
import type { PathFigures } from "./bench-path.js";
import type { ScanFigures } from "./bench-scan.js";
import type { LateFigures, LineFigures, ReaderName, SerialFigures } from "./bench-serial.js";
import type { WiringFigures } from "./bench-wiring.js";

export const benchParts = ["serial", "flash", "scan", "evidence", "wiring", "path"] as const;
export type BenchPart = (typeof benchParts)[number];

/** More than this, and other work on the machine is part of the figures. */
export const quietLoad = 0.7;

/** A part with the time it was measured: a later run may have measured only some of them. */
export interface Measured<T> {
  readonly at: string;
  /** Load of the machine over the minute before, by the kernel's count of waiting processes. */
  readonly loadAverage: number;
  readonly figures?: T;
  /** Why there are none. */
  readonly skipped?: string;
}

/** Of the file's shape; parts of another version are not kept. */
export const reportVersion = 1;

export interface BenchReport {
  readonly v: typeof reportVersion;
  readonly machine: string;
  readonly node: string;
  readonly serial?: Measured<SerialFigures>;
  readonly flash?: Measured<FlashFigures>;
  readonly scan?: Measured<ScanFigures>;
  readonly evidence?: Measured<EvidenceFigures>;
  readonly wiring?: Measured<WiringFigures>;
  readonly path?: Measured<PathFigures>;
}

/** A figure beside the budget that it has to keep, where there is one. */
export interface BenchRow {
  readonly what: string;
  readonly measured: string;
  readonly budget: string;
}

export const readerNames: Readonly<Record<ReaderName, string>> = {
  powershare: "PowerShare",
  pymodbus: "pymodbus",
  minimalmodbus: "minimalmodbus",
  "modbus-serial": "modbus-serial",
};

/** All figures of a report as rows, part by part; budgets are those of the plan of record. */
export function benchRows({
  serial,
  flash,
  scan,
  evidence,
  wiring,
  path,
}: BenchReport): BenchRow[] {
  return [
    ...partRows("snapshots on a serial line", serial, serialRows),
    ...partRows("flash", flash, flashRows),
    ...partRows("scan", scan, scanRows),
    ...partRows("evidence", evidence, evidenceRows),
    ...partRows("wiring rules", wiring, wiringRows),
    ...partRows("path to a settled trade", path, pathRows),
  ];
}

function partRows<T>(
  name: string,
  part: Measured<T> | undefined,
  rows: (figures: T) => BenchRow[],
): BenchRow[] {
  if (part?.figures !== undefined) return rows(part.figures);
  return [{ what: name, measured: `not measured: ${part?.skipped ?? "not run"}`, budget: "" }];
}

function serialRows({ profile, values, lines, lateAnswer }: SerialFigures): BenchRow[] {
  const ours = lateAnswer.readers.find(({ reader }) => reader === "powershare");
  return [
    ...lines.flatMap((line) => {
      const figures = line.readers.find(({ reader }) => reader === "powershare");
      if (!figures) return [];
      const { p50Ms, p95Ms, requests, gapViolations, cpuMsPerSnapshot, rssMb } = figures;
      const at = `at ${line.baudRate} Bd`;
      const isSlow = line.baudRate === 9600;
      return [
        {
          what: `snapshot of ${profile}, ${values} values, ${at}`,
          measured: `p50 ${p50Ms} ms, p95 ${p95Ms} ms; the wire alone needs ${line.wireLimitMs} ms`,
          budget: isSlow ? "≤ 340 ms" : "",
        },
        {
          what: `requests before 3.5 characters of silence, ${at}`,
          measured: `${gapViolations} of ${requests}`,
          budget: "0",
        },
        {
          what: `CPU time of a snapshot, ${at}`,
          measured: `${cpuMsPerSnapshot} ms; ${rssMb} MB of memory`,
          budget: isSlow ? "≤ 10 ms" : "",
        },
      ];
    }),
    {
      what: "wrong values after one late answer",
      measured: ours ? `${ours.wrong} of ${ours.readsAfter}` : "",
      budget: "0",
    },
  ];
}

function flashRows(flash: FlashFigures): BenchRow[] {
  const { bytesPerReading, flushesPerReading, gbPerDay, cardYears, seconds, writer } = flash;
  const minutes = Math.round(seconds / 60);
  return [
    {
      what: "flash written per reading of 24 quantities, one a second, counted at the block device",
      measured: `${bytesPerReading} bytes, ${flushesPerReading} flushes (${minutes} min)`,
      budget: "≤ 6000 bytes",
    },
    { what: "flash written a day", measured: `${gbPerDay} GB`, budget: "" },
    { what: "life of a 32 GB card", measured: `${cardYears} years`, budget: "" },
    {
      what: "share of a core of store and sealing alone",
      measured: `${writer.cpuPercent} %`,
      budget: "",
    },
  ];
}

function scanRows({ seconds, meters, found, settings, units }: ScanFigures): BenchRow[] {
  return [
    {
      what: `powershare scan, units ${units}, ${settings} line settings, ${meters} meters there`,
      measured: `${seconds} s, ${found} found`,
      budget: "< 30 s",
    },
  ];
}

function wiringRows({ cpuSecondsPerDay, rowsPerDay, days }: WiringFigures): BenchRow[] {
  return [
    {
      what: `CPU time of all wiring rules for a day of ${rowsPerDay.toLocaleString("en")} readings of three phases`,
      measured: `${cpuSecondsPerDay} s of one core (${days} days)`,
      budget: "",
    },
  ];
}

function pathRows({ evidenceToCommit, secondsToFirstSettlement, processes }: PathFigures) {
  const agents = processes.filter(({ name }) => name.includes("agent"));
  const range = (values: readonly number[]) => `${Math.min(...values)} to ${Math.max(...values)}`;
  const { p50Ms, p95Ms, transactions } = evidenceToCommit;
  return [
    {
      what: "evidence, from its proposal to the commit seen at a peer",
      measured: `p50 ${p50Ms} ms, p95 ${p95Ms} ms (${transactions} transactions)`,
      budget: "p50 ≤ 300 ms",
    },
    {
      what: "first settled trade, everything built",
      measured: `${secondsToFirstSettlement} s`,
      budget: "≤ 60 s",
    },
    ...(agents.length === 0
      ? []
      : [
          {
            what: "memory of an agent",
            measured: `${range(agents.map(({ rssMb }) => rssMb))} MB`,
            budget: "≤ 100 MB",
          },
          {
            what: "an agent's share of a core, one or two meters with up to 52 values each a second",
            measured: `${range(agents.map(({ cpuPercent }) => cpuPercent))} %`,
            budget: "≤ 2 % with 24 values",
          },
        ]),
  ];
}

/** One reader on all lines, as a row of the comparison. */
export interface PeerRow {
  readonly reader: ReaderName;
  readonly lines: readonly (LineFigures["readers"][number] & { readonly baudRate: number })[];
  readonly late: LateFigures | undefined;
}

/** The readers side by side. */
export function peerRows({ lines, lateAnswer }: SerialFigures): PeerRow[] {
  return lateAnswer.readers.map((late) => ({
    reader: late.reader,
    late,
    lines: lines.flatMap(({ baudRate, readers }) =>
      readers
        .filter(({ reader }) => reader === late.reader)
        .map((figures) => ({ ...figures, baudRate })),
    ),
  }));
}
