import { type Bar, barChart } from "./bar-chart.js";
import type { FlashFigures } from "./bench-flash.js";
import { type BenchReport, readerNames } from "./bench-report.js";
import type { LineFigures, SerialFigures } from "./bench-serial.js";

/** The drawings of a report by file name; a part that was not measured draws nothing. */
export function benchFigures({ serial, flash }: BenchReport): ReadonlyMap<string, string> {
  return new Map([
    ...(serial?.figures
      ? [
          ["bench-snapshot.svg", snapshotFigure(serial.figures)] as const,
          ["bench-cost.svg", costFigure(serial.figures)] as const,
        ]
      : []),
    ...(flash?.figures ? [["bench-flash.svg", flashFigure(flash.figures)] as const] : []),
  ]);
}

function snapshotFigure(figures: SerialFigures): string {
  const { values, profile, lines, lateAnswer } = figures;
  return barChart({
    description: `Time for a snapshot of ${values} values of ${profile}, and wrong values after one late answer, for each reader`,
    panels: [
      ...lines.map((line) => ({
        title: `Snapshot of ${values} values at ${line.baudRate} Bd`,
        axis: "milliseconds: bar p50, stroke p95; shorter is faster",
        bars: line.readers.map((reader) => snapshotBar(reader)),
        marks: [{ value: line.wireLimitMs, label: `the wire alone: ${line.wireLimitMs} ms` }],
      })),
      {
        title: "Wrong values given as good after one late answer",
        axis: `values, of the next ${lateAnswer.readers[0]?.readsAfter ?? 0} reads; the worst of ${lateAnswer.readers[0]?.runs.length ?? 0} runs`,
        bars: lateAnswer.readers.map(
          ({ reader, wrong, readsAfter }): Bar => ({
            label: readerNames[reader],
            value: wrong,
            note: `${wrong} of ${readsAfter}`,
            kind: wrong > 0 ? "bad" : reader === "powershare" ? "ours" : "peer",
          }),
        ),
      },
    ],
  });
}

function snapshotBar(figures: LineFigures["readers"][number]): Bar {
  const { reader, p50Ms, p95Ms, gapViolations, requests } = figures;
  const share = Math.round((100 * gapViolations) / requests);
  const silence =
    gapViolations === 0 ? "every silence kept" : `${share} % of requests break the silence`;
  return {
    label: readerNames[reader],
    value: p50Ms,
    tick: p95Ms,
    note: `${p50Ms} ms, ${silence}`,
    kind: gapViolations > 0 ? "bad" : reader === "powershare" ? "ours" : "peer",
  };
}

function costFigure({ lines, values }: SerialFigures): string {
  const [slow] = lines;
  const bars = (value: (figures: LineFigures["readers"][number]) => number, unit: string): Bar[] =>
    (slow?.readers ?? []).map((figures) => ({
      label: readerNames[figures.reader],
      value: value(figures),
      note: `${value(figures)} ${unit}`,
      kind: figures.reader === "powershare" ? "ours" : "peer",
    }));
  return barChart({
    description: `CPU time of a snapshot and memory of each reader at ${slow?.baudRate ?? 0} Bd`,
    panels: [
      {
        title: `CPU time for a snapshot of ${values} values at ${slow?.baudRate ?? 0} Bd`,
        axis: "milliseconds of one core",
        bars: bars(({ cpuMsPerSnapshot }) => cpuMsPerSnapshot, "ms"),
        marks: [{ value: 10, label: "aim: 10 ms" }],
      },
      {
        title: "Memory of the process",
        axis: "resident megabytes, interpreter or runtime included",
        bars: bars(({ rssMb }) => rssMb, "MB"),
      },
    ],
  });
}

function flashFigure({ bytesPerReading, gbPerDay, cardYears }: FlashFigures): string {
  return barChart({
    description: `Flash written per reading: ${bytesPerReading} bytes`,
    panels: [
      {
        title: "Flash written per reading of 24 quantities, one a second",
        axis: "bytes at the block device, file system included",
        bars: [
          {
            label: "PowerShare",
            value: bytesPerReading,
            note: `${bytesPerReading} bytes; ${gbPerDay} GB a day, ${cardYears} years`,
            kind: "ours",
          },
        ],
        marks: [{ value: 6000, label: "aim: 6000" }],
      },
    ],
  });
}
