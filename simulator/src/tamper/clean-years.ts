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

/** Replays whole measured time as measured, with neighbours and without, and with them in the other views. */
export function* cleanRunsOf(
  { home, minutes }: HomeAt,
  seed: string,
  views: readonly View[],
): Generator<CleanRun> {
  const alone = { ...home, neighbours: [] };
  if (home.neighbours.length > 0 && views.length > 1) yield runOf(alone, minutes, "measured");
  for (const view of views) yield runOf(homeIn(view, home, `${seed}/${home.id}`), minutes, view);
}

function runOf(home: Home, minutes: number, view: View): CleanRun {
  const began = process.cpuUsage();
  const said = replayRows(home);
  const { user, system } = process.cpuUsage(began);
  const years = home.rows.reduce((sum, { seconds }) => sum + seconds * 1000, 0) / yearMs;
  const held = firstAt(said, "held", Number.NEGATIVE_INFINITY);
  const suspect = firstAt(said, "suspect", Number.NEGATIVE_INFINITY);
  const cpuMs = (user + system) / 1000;
  const ids = { home: home.id, minutes, view, neighbours: home.neighbours.length > 0 };
  return { ...ids, years, cpuMs, said, ...(held && { held }), ...(suspect && { suspect }) };
}
