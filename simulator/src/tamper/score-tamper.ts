import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Case, casesOf, type HomeAt } from "./cases.js";
import { type CleanRun, cleanRunsOf } from "./clean-years.js";
import { type Home, loadHomes } from "./homes.js";
import { describeScore, type NaturalRun, type ScoreRun, summariseScore } from "./report.js";
import { coarser } from "./resolution.js";
import { reaches, replayRows, type Said } from "./run-case.js";
import { type Outcome, outcomeOf } from "./score.js";
import { parseScoreOptions, type ScoreOptions } from "./score-options.js";
import { withScore } from "./score-page.js";
import { homesOf, naturalFaults } from "./split.js";
import { type View, viewsOf } from "./views.js";

/** As of every command: something outside failed. */
const outsideFailed = 3;
const page = fileURLToPath(new URL("../../../docs/wiring.md", import.meta.url));
const resolutionsMinutes = [15, 30, 60];
const say = (text: string) => process.stderr.write(`${text}\n`);

function score(options: ScoreOptions): ScoreRun {
  const { seed, split, faults, quick } = options;
  const loaded = loadHomes(options.data);
  const homes = homesOf(split, loaded).filter(({ id }) => options.homes?.includes(id) ?? true);
  const outcomes: Outcome[] = [];
  const clean: CleanRun[] = [];
  for (const home of homes) {
    for (const { homeAt, windows, views } of runsOf(home, quick === true)) {
      say(`${home.id} at ${homeAt.minutes} min`);
      clean.push(...cleanRunsOf(homeAt, seed, views));
      for (const each of casesOf(homeAt, { seed, faults, windows })) {
        outcomes.push(
          outcomeOf(
            each,
            replayRows(each, (last) => isDecided(each, last)),
          ),
        );
      }
    }
  }
  const extent = quick ? ", quick: one window of each, as measured" : "";
  const title = `Homes ${homes.map(({ id }) => id).join(", ")} (${split}), seed ${seed}${extent}`;
  return { title, faults, outcomes, clean, natural: naturalRuns(loaded) };
}

/** Held under the right name after the fault: more would be said of it only when it ends. */
function isDecided({ fault, faultMs = Infinity }: Case, last: Said): boolean {
  return last.atMs > faultMs && last.fault === fault && reaches(last.verdict, "held");
}

interface Runs {
  readonly homeAt: HomeAt;
  readonly windows: number;
  /** In which whole time is replayed. */
  readonly views: readonly View[];
}

/** A home as measured, and with fewer windows coarser. */
function runsOf(home: Home, quick: boolean): Runs[] {
  const measured = (home.rows[0]?.seconds ?? 0) / 60;
  const asMeasured: Runs = {
    homeAt: { minutes: measured, home },
    windows: quick ? 1 : 6,
    views: quick ? ["measured"] : viewsOf(home),
  };
  if (quick) return [asMeasured];
  const coarse = resolutionsMinutes.filter((minutes) => minutes > measured);
  return [
    asMeasured,
    ...coarse.map((minutes) => ({
      homeAt: { minutes, home: coarser(home, minutes) },
      windows: 2,
      views: ["measured"] as const,
    })),
  ];
}

function naturalRuns(homes: readonly Home[]): NaturalRun[] {
  return homes.flatMap((home) => {
    const expected = naturalFaults.get(home.id);
    if (expected === undefined) return [];
    const said = (neighbours: Home["neighbours"]) => replayRows({ ...home, neighbours });
    return [
      { home: home.id, expected, neighbours: false, said: said([]) },
      { home: home.id, expected, neighbours: true, said: said(home.neighbours) },
    ];
  });
}

const options = parseScoreOptions(process.argv.slice(2));
if ("exitCode" in options) {
  process.exitCode = options.exitCode;
} else {
  try {
    const run = score(options);
    process.stdout.write(describeScore(run));
    if (options.write)
      writeFileSync(page, withScore(readFileSync(page, "utf8"), summariseScore(run)));
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(run)}\n`);
  } catch (error) {
    say(`score:tamper: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = outsideFailed;
  }
}
