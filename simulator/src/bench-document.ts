import { type BenchReport, benchRows, peerRows, quietLoad, readerNames } from "./bench-report.js";
import type { SerialFigures } from "./bench-serial.js";

const begin = "<!-- Written by npm run bench; everything up to its end is replaced. -->";
const end = "<!-- End of what npm run bench writes. -->";

/** Puts the figures into the page, between its two marks. Throws RangeError where it has none. */
export function withFigures(page: string, report: BenchReport): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new RangeError(`the page has no "${begin}" with its end`);
  return `${page.slice(0, from)}${begin}\n\n${section(report)}\n${page.slice(to)}`;
}

function section(report: BenchReport): string {
  const { machine, node, serial } = report;
  return [
    `${machine}, Node ${node}.`,
    "",
    ...measuredAt(report),
    "",
    "| what | measured | aim |",
    "|---|---|---|",
    ...benchRows(report).map(
      ({ what, measured, budget }) => `| ${what} | ${measured} | ${budget} |`,
    ),
    "",
    ...(serial?.figures ? comparison(serial.figures) : []),
  ].join("\n");
}

function measuredAt(report: BenchReport): string[] {
  const { serial, flash, scan, evidence, wiring, path } = report;
  return Object.entries({ serial, flash, scan, evidence, wiring, path }).flatMap(([name, part]) => {
    if (part?.figures === undefined) return [];
    const { at, loadAverage } = part;
    const busy = loadAverage > quietLoad ? ": the machine was busy, its times are too long" : "";
    return [
      `- ${name}: ${at.slice(0, 16).replace("T", " ")} UTC, load before it ${loadAverage}${busy}`,
    ];
  });
}

function comparison(figures: SerialFigures): string[] {
  const { values, profile, lines, lateAnswer, skipped } = figures;
  const { timeoutMs, lateMs, baudRate } = lateAnswer;
  return [
    "### Beside other readers",
    "",
    `![Time for a snapshot and wrong values after a late answer, reader by reader](images/bench-snapshot.svg)`,
    "",
    `The same ${values} values of ${profile} in the same ${figures.plan.length} requests, from the same meter.`,
    "",
    `| reader | ${lines.map((line) => `${line.baudRate} Bd: p50, p95 ms | of the wire limit | silence broken | CPU ms`).join(" | ")} | RSS MB | wrong of ${lateAnswer.readers[0]?.readsAfter ?? 0} after a late answer |`,
    `|---|${lines.map(() => "---|---|---|---|").join("")}---|---|`,
    ...peerRows(figures).map(({ reader, late, lines: own }) => {
      const cells = own.map(
        ({ p50Ms, p95Ms, utilisationPercent, gapViolations, requests, cpuMsPerSnapshot }) =>
          `${p50Ms}, ${p95Ms} | ${utilisationPercent} % | ${gapViolations} of ${requests} | ${cpuMsPerSnapshot}`,
      );
      const wrong = late ? late.runs.map((run) => run.wrong).join(", ") : "";
      return `| ${readerNames[reader]} | ${cells.join(" | ")} | ${Math.max(...own.map(({ rssMb }) => rssMb))} | ${wrong} |`;
    }),
    "",
    `The late answer comes ${lateMs} ms after its request at ${baudRate} Bd, where the reader waits ${timeoutMs} ms; two values are then read in turn, and the column gives each run.`,
    "",
    "![CPU time and memory, reader by reader](images/bench-cost.svg)",
    "",
    ...skipped.map((text) => `Not run: ${text}.`),
  ];
}
