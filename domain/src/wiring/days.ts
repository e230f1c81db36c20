import { sampleOf } from "./samples.js";
import type { Site } from "./site.js";
import { skyOver } from "./sun.js";
import type { Row } from "./types.js";

/** Energy that flows one way; a grid reading with a sign counts as import or as export. */
export const flows = ["production", "consumption", "import", "export"] as const;
export type Flow = (typeof flows)[number];

/** A day from solar midnight to solar midnight, in bins of half an hour, or of an hour where rows are longer. */
export interface Day {
  /** Solar days since 1970. */
  readonly index: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly binMs: number;
  /** Mean power of each bin in W; NaN where less than half of it was measured. */
  readonly watts: Readonly<Record<Flow, Float64Array>>;
  /** Clear-sky power of each bin as a share of peak power. */
  readonly clear: Float64Array;
  /** Elevation of the sun in the middle of each bin, and the highest in it. */
  readonly elevationDeg: Float64Array;
  readonly highestDeg: Float64Array;
}

export interface DayBook {
  /** The day that this row shows to be over. */
  readonly push: (row: Row) => Day | undefined;
  /** The last days that are over, oldest first. Days without a row are left out. */
  readonly days: readonly Day[];
  /** Forgets the days before this one. */
  readonly forgetBefore: (index: number) => void;
}

const dayMs = 86_400_000;

/** Length that rules on days ask for: what takes days to be seen needs no shorter rows. */
export const dayGatherSeconds = 1800;
const halfHourMs = dayGatherSeconds * 1000;

/** Condenses rows into days, of which it keeps the last `keep`. */
export function dayBook(site: Site, keep: number): DayBook {
  const days: Day[] = [];
  const sky = skyOver(site);
  let open: OpenDay | undefined;

  return {
    days,
    push: (row) => {
      const binMs = open?.binMs ?? (row.seconds * 1000 > halfHourMs ? 2 : 1) * halfHourMs;
      const offsetMs = Math.round((site.longitude * 240_000) / binMs) * binMs;
      const index = Math.floor((row.startMs + offsetMs) / dayMs);
      let closed: Day | undefined;
      if (open !== undefined && open.index !== index) {
        closed = closeDay(open, sky);
        days.push(closed);
        if (days.length > keep) days.shift();
        open = undefined;
      }
      open ??= openDay(index, index * dayMs - offsetMs, binMs);
      addRow(open, row);
      return closed;
    },
    forgetBefore: (index) => {
      while (days[0] !== undefined && days[0].index < index) days.shift();
    },
  };
}

interface OpenDay {
  readonly index: number;
  readonly startMs: number;
  readonly binMs: number;
  readonly wattSeconds: Record<Flow, Float64Array>;
  readonly seconds: Record<Flow, Float64Array>;
}

function openDay(index: number, startMs: number, binMs: number): OpenDay {
  return {
    index,
    startMs,
    binMs,
    wattSeconds: perFlow(dayMs / binMs),
    seconds: perFlow(dayMs / binMs),
  };
}

function perFlow(bins: number): Record<Flow, Float64Array> {
  return {
    production: new Float64Array(bins),
    consumption: new Float64Array(bins),
    import: new Float64Array(bins),
    export: new Float64Array(bins),
  };
}

function addRow(day: OpenDay, row: Row): void {
  const sample = sampleOf(row);
  for (const flow of flows) {
    const watts = sample[flow];
    if (watts !== undefined) spread(day, flow, row, watts);
  }
}

/** A row that is longer than a bin, or lies across two, counts in each for its time there. */
function spread(day: OpenDay, flow: Flow, row: Row, watts: number): void {
  const fromMs = row.startMs - day.startMs;
  const toMs = Math.min(fromMs + row.seconds * 1000, dayMs);
  for (let atMs = fromMs; atMs < toMs; ) {
    const bin = Math.floor(atMs / day.binMs);
    const endMs = Math.min((bin + 1) * day.binMs, toMs);
    const seconds = (endMs - atMs) / 1000;
    day.wattSeconds[flow][bin] = (day.wattSeconds[flow][bin] ?? 0) + watts * seconds;
    day.seconds[flow][bin] = (day.seconds[flow][bin] ?? 0) + seconds;
    atMs = endMs;
  }
}

function closeDay(day: OpenDay, sky: ReturnType<typeof skyOver>): Day {
  const bins = dayMs / day.binMs;
  const watts = perFlow(bins);
  for (const flow of flows) {
    for (let bin = 0; bin < bins; bin++) {
      const seconds = day.seconds[flow][bin] ?? 0;
      const sum = day.wattSeconds[flow][bin] ?? 0;
      watts[flow][bin] = seconds * 2000 >= day.binMs ? sum / seconds : Number.NaN;
    }
  }
  const over = Array.from({ length: bins }, (_, bin) =>
    sky({ startMs: day.startMs + bin * day.binMs, seconds: day.binMs / 1000 }),
  );
  return {
    index: day.index,
    startMs: day.startMs,
    endMs: day.startMs + dayMs,
    binMs: day.binMs,
    watts,
    clear: Float64Array.from(over, (at) => at.share),
    elevationDeg: Float64Array.from(over, (at) => at.sun.elevationDeg),
    highestDeg: Float64Array.from(over, (at) => at.highestDeg),
  };
}
