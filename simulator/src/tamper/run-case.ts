import {
  type Fault,
  type Judgement,
  type NeighbourProduction,
  type Row,
  type Site,
  type Verdict,
  watchWiring,
} from "@powershare/domain/wiring";

/** What a replay said, in order of time. */
export type Said = Pick<Judgement, "atMs" | "verdict" | "fault" | "rule">;

export interface Replayed {
  readonly site: Site;
  readonly rows: readonly Row[];
  readonly neighbours: readonly NeighbourProduction[];
}

/**
 * Lets the rules see rows in order of time; neighbours' intervals reach them when they have ended.
 *
 * @param isEnough - ends the replay after a verdict that leaves nothing to be learnt
 */
export function replayRows(
  { site, rows, neighbours }: Replayed,
  isEnough: (last: Said) => boolean = () => false,
): Said[] {
  const watch = watchWiring(site);
  const said: Said[] = [];
  let next = 0;
  for (const row of rows) {
    const ended: NeighbourProduction[] = [];
    const endMs = row.startMs + row.seconds * 1000;
    for (let each = neighbours[next]; each; each = neighbours[next]) {
      if (each.startMs + each.seconds * 1000 > endMs) break;
      ended.push(each);
      next += 1;
    }
    const changed = watch.push(ended.length > 0 ? { ...row, neighbours: ended } : row);
    if (changed) {
      const { atMs, verdict, fault, rule } = changed;
      const last = { atMs, verdict, fault, rule };
      said.push(last);
      if (isEnough(last)) break;
    }
  }
  return said;
}

export type Level = "suspect" | "held";

/** Whether a verdict is at least so grave. */
export function reaches(verdict: Verdict, level: Level): boolean {
  return (
    verdict === "held" ||
    verdict === "manipulated" ||
    (level === "suspect" && verdict === "suspect")
  );
}

/** The first verdict so grave after `sinceMs`. */
export function firstAt(said: readonly Said[], level: Level, sinceMs: number): Said | undefined {
  return said.find(({ atMs, verdict }) => atMs > sinceMs && reaches(verdict, level));
}

/** Faults that were named at that level after `sinceMs`. */
export function namedAt(said: readonly Said[], level: Level, sinceMs: number): Fault[] {
  return said
    .filter(({ atMs, verdict }) => atMs > sinceMs && reaches(verdict, level))
    .map(({ fault }) => fault);
}
