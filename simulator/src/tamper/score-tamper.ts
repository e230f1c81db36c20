import { writeFileSync } from "node:fs";
import { type CasePlan, casesOf, type HomeAt } from "./cases.js";
import { type CleanRun, cleanRunsOf } from "./clean-years.js";
import { type Home, loadHomes } from "./homes.js";
import { describeScore, type NaturalRun, type ScoreRun } from "./report.js";
import { coarser } from "./resolution.js";
import { replayRows } from "./run-case.js";
import { type Outcome, outcomeOf } from "./score.js";
import { parseScoreOptions, type ScoreOptions } from "./score-options.js";
import { homesOf, naturalFaults } from "./split.js";
import { viewsOf } from "./views.js";

/** As of every command: something outside failed. */
const outsideFailed = 3;
const resolutionsMinutes = [15, 30, 60];
const say = (text: string) => process.stderr.write(`${text}\n`);

function score(options: ScoreOptions): ScoreRun {
  const { seed, split, faults, quick } = options;
  const loaded = loadHomes(options.data);
  const homes = homesOf(split, loaded).filter(({ id }) => options.homes?.includes(id) ?? true);
  const plan: CasePlan = { seed, faults, windows: quick ? 2 : 12 };
  const outcomes: Outcome[] = [];
  const clean: CleanRun[] = [];
  for (const home of homes) {
    for (const homeAt of resolutionsOf(home, quick === true)) {
      say(`${home.id} at ${homeAt.minutes} min`);
      clean.push(...cleanRunsOf(homeAt, seed, quick ? ["measured"] : viewsOf(home)));
      for (const each of casesOf(homeAt, plan)) {
        outcomes.push(outcomeOf(each, replayRows(each.site, each.rows, each.neighbours)));
      }
    }
  }
  const title = `Homes ${homes.map(({ id }) => id).join(", ")} (${split}), seed ${seed}, ${plan.windows} windows of each home, resolution, fault and onset`;
  return { title, faults, outcomes, clean, natural: naturalRuns(loaded) };
}

/** As measured, and coarser. */
function resolutionsOf(home: Home, measuredOnly: boolean): HomeAt[] {
  const measured = (home.rows[0]?.seconds ?? 0) / 60;
  return resolutionsMinutes
    .filter((minutes) => minutes === measured || (minutes > measured && !measuredOnly))
    .map((minutes) => ({ minutes, home: minutes === measured ? home : coarser(home, minutes) }));
}

function naturalRuns(homes: readonly Home[]): NaturalRun[] {
  return homes.flatMap(({ id, site, rows, neighbours }) =>
    Object.entries(naturalFaults)
      .filter(([name]) => name === id)
      .flatMap(([home, expected]) =>
        [false, true].map((among) => ({
          home,
          expected,
          neighbours: among,
          said: replayRows(site, rows, among ? neighbours : []),
        })),
      ),
  );
}

const options = parseScoreOptions(process.argv.slice(2));
if ("exitCode" in options) {
  process.exitCode = options.exitCode;
} else {
  try {
    const run = score(options);
    process.stdout.write(describeScore(run));
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(run)}\n`);
  } catch (error) {
    say(`score:tamper: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = outsideFailed;
  }
}
