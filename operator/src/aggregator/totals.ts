/** What a meter counted in a span, whole Wh; ms since 1970. */
export interface Totals {
  readonly fromMs: number;
  readonly toMs: number;
  readonly importWh: number;
  readonly exportWh: number;
}

/**
 * Brings the spans of several meters together: between two moments at which every one of them ended a span,
 * each one's energy. Packages hold one interval or many, so meters' spans differ; sums do not. Where one
 * meter's spans do not follow on one another, its counting begins again there.
 *
 * @param meters - spans of each meter, oldest first
 * @returns for each meter as many spans, with the same ends
 */
export function inStep(meters: readonly (readonly Totals[])[]): Totals[][] {
  const counts = meters.map(cumulated);
  const [first = new Map<number, Count>(), ...others] = counts;
  const ends = [...first.keys()].filter((end) => others.every((count) => count.has(end)));
  return counts.map((count) =>
    ends.slice(1).flatMap((toMs, index) => {
      const fromMs = ends[index] ?? toMs;
      // All or none: a span in which one of the meters began again is nobody's.
      const isWhole = counts.every((one) => one.get(fromMs)?.run === one.get(toMs)?.run);
      const [before, after] = [count.get(fromMs), count.get(toMs)];
      if (!isWhole || before === undefined || after === undefined) return [];
      const importWh = after.importWh - before.importWh;
      return [{ fromMs, toMs, importWh, exportWh: after.exportWh - before.exportWh }];
    }),
  );
}

/** Energy of several meters in step, added up. */
export function together(meters: readonly (readonly Totals[])[]): Totals[] {
  const [first = []] = meters;
  return first.map(({ fromMs, toMs }, index) => {
    const add = (of: "importWh" | "exportWh") =>
      meters.reduce((sum, meter) => sum + (meter[index]?.[of] ?? 0), 0);
    return { fromMs, toMs, importWh: add("importWh"), exportWh: add("exportWh") };
  });
}

interface Count {
  /** Which unbroken run of spans it belongs to. */
  readonly run: number;
  readonly importWh: number;
  readonly exportWh: number;
}

/** Counted since the first span's start, by end. */
function cumulated(spans: readonly Totals[]): Map<number, Count> {
  const counts = new Map<number, Count>();
  let count: Count = { run: 0, importWh: 0, exportWh: 0 };
  let endMs = Number.NaN;
  for (const { fromMs, toMs, importWh, exportWh } of spans) {
    if (fromMs !== endMs) {
      count = { ...count, run: count.run + 1 };
      counts.set(fromMs, count);
    }
    count = {
      run: count.run,
      importWh: count.importWh + importWh,
      exportWh: count.exportWh + exportWh,
    };
    counts.set(toMs, count);
    endMs = toMs;
  }
  return counts;
}
