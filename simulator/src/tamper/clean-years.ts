import type { HomeAt } from "./cases.js";
import type { Home } from "./homes.js";
import { firstAt, replayRows, type Said } from "./run-case.js";
import { homeIn, type View } from "./views.js";

/** What the rules said of a home as it was measured, from the first row to the last. */
export interface CleanRun {
  readonly home: string;
  readonly minutes: number;
  readonly view: View;
  readonly neighbours: boolean;
  readonly years: number;
  readonly cpuMs: number;
  readonly held?: Said;
  readonly suspect?: Said;
  readonly said: readonly Said[];
}

const yearMs = 365 * 86_400_000;

/** Replays whole measured time in these views, with neighbours and without. */
export function* cleanRunsOf(
  { home, minutes }: HomeAt,
  seed: string,
  views: readonly View[],
): Generator<CleanRun> {
  for (const view of views) {
    const seen = homeIn(view, home, `${seed}/${home.id}`);
    yield runOf(seen, minutes, view, false);
    if (seen.neighbours.length > 0) yield runOf(seen, minutes, view, true);
  }
}

function runOf(home: Home, minutes: number, view: View, neighbours: boolean): CleanRun {
  const began = process.cpuUsage();
  const said = replayRows(home.site, home.rows, neighbours ? home.neighbours : []);
  const { user, system } = process.cpuUsage(began);
  const years = home.rows.reduce((sum, { seconds }) => sum + seconds * 1000, 0) / yearMs;
  const held = firstAt(said, "held", Number.NEGATIVE_INFINITY);
  const suspect = firstAt(said, "suspect", Number.NEGATIVE_INFINITY);
  const cpuMs = (user + system) / 1000;
  const ids = { home: home.id, minutes, view, neighbours };
  return { ...ids, years, cpuMs, said, ...(held && { held }), ...(suspect && { suspect }) };
}
