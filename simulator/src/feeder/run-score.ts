import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { type GridStrength, grids } from "./line.js";
import { type Outcome, score } from "./score.js";
import { hardCases, mainTrials, readings } from "./score-cases.js";
import { scoreSignTest } from "./score-sign-test.js";
import { cells, falseAnswers, heads, row, rule, share } from "./score-table.js";

const page = fileURLToPath(new URL("../../../docs/wiring.md", import.meta.url));
const begin = "<!-- Written by npm run score:feeder; everything up to its end is replaced. -->";
const end = "<!-- End of what npm run score:feeder writes. -->";
const crowds = [0, 12];

interface Options {
  readonly homes: number;
  readonly days: number;
  readonly seed: string;
  readonly hardOnly: boolean;
  readonly write: boolean;
}

const program = new Command("score:feeder")
  .description("Scores the voltage-response rule on a simulated feeder, and prints tables.")
  .option("--homes <n>", "homes per grid and neighbourhood", Number, 20)
  .option("--days <n>", "days each is watched", Number, 7)
  .option("--seed <s>", "seed of the homes", "1")
  .option("--hard-only", "only the cases that are made to make the rule fail", false)
  .option("--write", "put the tables into docs/wiring.md", false)
  .parse();
const options = program.opts<Options>();
const parts = [...(options.hardOnly ? [] : [mainTable]), hardTable, signTestTable].map((table) => {
  const lines = table(options).join("\n");
  process.stdout.write(`${lines}\n\n`);
  return lines;
});
if (options.write) writeFileSync(page, replaced(readFileSync(page, "utf8"), parts.join("\n\n")));

function mainTable({ homes, days, seed }: Options): string[] {
  const kinds = ["reversed", "swapped"] as const;
  const columns = [
    "grid",
    "neighbours",
    "reading",
    ...kinds.flatMap((kind) => heads(kind)),
    "false",
  ];
  const lines = [row(columns), rule(columns.length)];
  for (const grid of Object.keys(grids) as GridStrength[]) {
    for (const neighbours of crowds) {
      const outcomes = each(homes, (home) =>
        // Two homes of five have no generator.
        score(
          { seed: `${seed}/${home}`, grid, neighbours, phases: 1, pvW: home % 5 < 3 ? 4000 : 0 },
          days,
          mainTrials,
        ),
      );
      for (const [name, reading] of readings) {
        const these = outcomes.filter(({ trial }) => trial.reading === reading);
        const found = kinds.flatMap((kind) =>
          cells(these.filter(({ trial }) => trial.wiring === kind)),
        );
        lines.push(row([grid, String(neighbours), name, ...found, falseAnswers(these)]));
      }
    }
  }
  return lines;
}

function hardTable({ homes, days, seed }: Options): string[] {
  const columns = ["case", "reading", "wiring", ...heads("found"), "false"];
  const lines = [row(columns), rule(columns.length)];
  for (const { name, spec, trials } of hardCases) {
    const outcomes = each(homes, (home) =>
      score({ ...spec, seed: `${seed}/hard/${home}` }, days, trials),
    );
    for (const trial of trials) {
      const reading = trial.reading.seconds === 1 ? "1 s" : "1 min";
      const these = outcomes.filter((outcome) => outcome.trial === trial);
      lines.push(row([name, reading, trial.wiring, ...cells(these), falseAnswers(these)]));
    }
  }
  return lines;
}

function signTestTable({ homes, seed }: Options): string[] {
  const columns = ["sign test on", "display", "wiring", "passed", "failed", "no answer"];
  const lines = [row(columns), rule(columns.length)];
  for (const grid of Object.keys(grids) as GridStrength[]) {
    for (const resolutionV of [0.1, 1]) {
      for (const isReversed of [false, true]) {
        const { passed, failed, abstained, tests } = scoreSignTest(grid, {
          homes,
          seed: `${seed}/sign-test`,
          resolutionV,
          isReversed,
        });
        const shares = [passed, failed, abstained].map((count) => share(count, tests));
        lines.push(row([grid, `${resolutionV} V`, isReversed ? "reversed" : "right", ...shares]));
      }
    }
  }
  return lines;
}

function each(homes: number, outcomesOf: (home: number) => Outcome[]): Outcome[] {
  return Array.from({ length: homes }, (_, home) => outcomesOf(home)).flat();
}

function replaced(text: string, with_: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`the page has no "${begin}" with its end`);
  return `${text.slice(0, from)}${begin}\n\n${with_}\n\n${text.slice(to)}`;
}
