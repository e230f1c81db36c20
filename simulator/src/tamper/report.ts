import type { CleanRun } from "./clean-years.js";
import type { InjectedFault } from "./injection.js";
import { poissonUpperBound, type Share } from "./intervals.js";
import type { Level, Said } from "./run-case.js";
import {
  type FaultScore,
  horizonsHours,
  type Outcome,
  precisionOf,
  recallWithin,
  scoreOf,
} from "./score.js";
import { targets } from "./targets.js";

export interface NaturalRun {
  readonly home: string;
  readonly expected: string;
  readonly neighbours: boolean;
  readonly said: readonly Said[];
}

export interface ScoreRun {
  readonly title: string;
  readonly faults: readonly InjectedFault[];
  readonly outcomes: readonly Outcome[];
  readonly clean: readonly CleanRun[];
  readonly natural: readonly NaturalRun[];
}

/** What of the score stands in the documentation. */
export function summariseScore(run: ScoreRun): string {
  return [
    run.title,
    "",
    ...describeTargets(run),
    ...describeFaults(run, "held"),
    ...describeStorage(run),
    ...describeClean(run),
    ...describeNatural(run),
  ].join("\n");
}

/** The whole score as text for people. */
export function describeScore(run: ScoreRun): string {
  return [
    run.title,
    "",
    ...describeTargets(run),
    ...(["held", "suspect"] as const).flatMap((level) => describeFaults(run, level)),
    ...describeVariants(run),
    ...describeStorage(run),
    ...describeClean(run),
    ...describeNatural(run),
  ].join("\n");
}

const whole = (share: Share) =>
  share.of === 0 ? "-" : String(Math.floor((100 * share.hits) / share.of));
const withInterval = (share: Share) =>
  share.of === 0
    ? "-"
    : `${whole(share)} [${Math.floor(100 * share.low)}-${Math.ceil(100 * share.high)}]`;
const hours = (value: number | undefined) => (value === undefined ? "-" : value.toFixed(1));

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
  return [...lines, ""];
}

function describeTargets({ outcomes }: ScoreRun): string[] {
  const judged = outcomes.filter(({ storage }) => storage === "none");
  return [
    "Targets (storage none; percent with 95 % interval, cases):",
    ...table([
      ["target", "wanted", "held or more", "suspect or more", "n"],
      ...targets.map(({ name, concerns, hours, share }) => {
        const cases = judged.filter(concerns);
        const [held, suspect] = [
          recallWithin(cases, "held", hours),
          recallWithin(cases, "suspect", hours),
        ];
        const wanted = `${Math.round(100 * share)}`;
        return [name, wanted, withInterval(held), withInterval(suspect), String(held.of)];
      }),
    ]),
  ];
}

function describeFaults({ faults, outcomes }: ScoreRun, level: Level): string[] {
  const judged = outcomes.filter(({ storage }) => storage === "none");
  const resolutions = [...new Set(judged.map(({ minutes }) => minutes))].toSorted((a, b) => a - b);
  const rows = faults.flatMap((fault) =>
    resolutions.flatMap((minutes) => {
      const at = judged.filter((outcome) => outcome.minutes === minutes);
      const precision = withInterval(precisionOf(fault, at, level));
      return (["later", "first"] as const).flatMap((onset) => {
        const cases = at.filter((outcome) => outcome.fault === fault && outcome.onset === onset);
        if (cases.length === 0) return [];
        return [
          [`${fault}, ${onset}`, String(minutes), ...scoreCells(scoreOf(cases, level)), precision],
        ];
      });
    }),
  );
  const head = [
    "fault, onset",
    "min",
    "n",
    "16 h",
    "24 h",
    "40 h",
    "7 d",
    "14 d",
    "named",
    "median h",
    "p95 h",
    "precision",
  ];
  return [
    `Found, ${level === "held" ? "held or manipulated" : "suspect or more"} (percent; storage none):`,
    ...table([head, ...rows]),
  ];
}

function scoreCells({ n, recall, named, medianHours, p95Hours }: FaultScore): string[] {
  const cells = recall.map((share, index) =>
    index === horizonsHours.length - 1 ? withInterval(share) : whole(share),
  );
  return [String(n), ...cells, withInterval(named), hours(medianHours), hours(p95Hours)];
}

function describeVariants({ faults, outcomes }: ScoreRun): string[] {
  const rows = faults.flatMap((fault) => {
    const cases = outcomes.filter((each) => each.fault === fault && each.storage === "none");
    const groups = [...new Set(cases.map(({ variant, view }) => `${variant}, ${view}`))];
    const parts = [
      ...groups.map(
        (name) => [name, cases.filter((each) => `${each.variant}, ${each.view}` === name)] as const,
      ),
      ...(["clear", "mixed", "cloudy"] as const).map(
        (name) => [name, cases.filter(({ weather }) => weather === name)] as const,
      ),
      ["neighbours", cases.filter(({ neighbours }) => neighbours)] as const,
      ["no neighbours", cases.filter(({ neighbours }) => !neighbours)] as const,
    ];
    return parts
      .filter(([, part]) => part.length > 0)
      .map(([name, part]) => [
        `${fault}: ${name}`,
        String(part.length),
        ...(["held", "suspect"] as const).map((level) =>
          withInterval(recallWithin(part, level, 14 * 24)),
        ),
        withInterval(scoreOf(part, "suspect").named),
        commonest(part.flatMap(({ levels }) => levels.suspect.lastNamed ?? [])),
      ]);
  });
  const head = ["how it shows", "n", "held 14 d", "suspect 14 d", "named", "names"];
  return ["By the way in which a fault shows, weather and neighbours:", ...table([head, ...rows])];
}

/** How often each is in the list, the commonest first. */
function commonest(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

function describeStorage({ faults, outcomes }: ScoreRun): string[] {
  const rows = faults.flatMap((fault) =>
    (["ac", "dc"] as const).flatMap((storage) => {
      const cases = outcomes.filter((each) => each.fault === fault && each.storage === storage);
      if (cases.length === 0) return [];
      const within = (level: Level) => withInterval(recallWithin(cases, level, 14 * 24));
      return [[`${fault}, ${storage}`, String(cases.length), within("held"), within("suspect")]];
    }),
  );
  if (rows.length === 0) return [];
  return [
    "With declared storage:",
    ...table([["fault, storage", "n", "held 14 d", "suspect 14 d"], ...rows]),
  ];
}

function describeClean({ outcomes, clean }: ScoreRun): string[] {
  const years = [...new Map(clean.map((run) => [run.home, run.years])).values()];
  const distinct = years.reduce((sum, each) => sum + each, 0);
  const windows = outcomes.filter(({ fault }) => fault === "clean" || fault === "no-sun");
  const before = outcomes.filter(({ fault, levels }) => fault !== "clean" && levels.suspect.before);
  return [
    "Honest homes:",
    ...(["held", "suspect"] as const).map((level) => {
      const homes = new Set(clean.filter((run) => run[level]).map(({ home }) => home)).size;
      const bound = (poissonUpperBound(homes) / distinct).toFixed(2);
      return `  whole years, ${level} or more: ${homes} homes of ${years.length} in ${distinct.toFixed(2)} home-years (in any way that was replayed); at most ${bound} a home-year at 95 %`;
    }),
    ...(["clean", "no-sun"] as const).flatMap((fault) =>
      (["none", "ac", "dc"] as const).map((storage) => {
        const cases = windows.filter((each) => each.fault === fault && each.storage === storage);
        const count = (level: Level) =>
          cases.filter(
            ({ levels }) => levels[level].afterHours !== undefined || levels[level].before,
          ).length;
        return `  windows ${fault}, storage ${storage}: ${count("held")} held, ${count("suspect")} suspect or more, of ${cases.length}`;
      }),
    ),
    `  suspect or more before an injected fault: ${before.length}, held ${before.filter(({ levels }) => levels.held.before).length}`,
    ...before.map(({ id, view, storage, levels: { suspect, held } }) => {
      const also = held.before ? `, held as ${held.before.named} by ${held.before.rule}` : "";
      return `  before the fault of ${id} (${view}, ${storage}): ${suspect.before?.named} by ${suspect.before?.rule}${also}`;
    }),
    ...clean.flatMap(({ home, minutes, view, neighbours, said }) =>
      said.length === 0
        ? []
        : [
            `  ${home}, ${minutes} min, ${view}${neighbours ? ", neighbours" : ""}: ${describeSaid(said)}`,
          ],
    ),
    ...windows.flatMap(({ id, fault, view, storage, levels: { suspect } }) => {
      const what =
        suspect.before ?? (suspect.rule && { named: suspect.firstNamed, rule: suspect.rule });
      return what
        ? [`  window ${id} (${fault}, ${view}, ${storage}): ${what.named} by ${what.rule}`]
        : [];
    }),
    ...describeCpu(clean),
    "",
  ];
}

function describeCpu(clean: readonly CleanRun[]): string[] {
  const resolutions = [...new Set(clean.map(({ minutes }) => minutes))].toSorted((a, b) => a - b);
  return resolutions.map((minutes) => {
    const runs = clean.filter((run) => run.minutes === minutes);
    const [cpuMs, years] = runs.reduce(([ms, sum], run) => [ms + run.cpuMs, sum + run.years], [
      0, 0,
    ] as readonly [number, number]);
    return `  CPU at ${minutes} min: ${(cpuMs / years).toFixed(0)} ms a home-year`;
  });
}

function describeNatural({ natural }: ScoreRun): string[] {
  return [
    "Homes whose wiring was found wrong as measured:",
    ...natural.map(
      ({ home, expected, neighbours, said }) =>
        `  ${home} (${expected})${neighbours ? " with neighbours" : ""}: ${describeSaid(said) || "nothing said"}`,
    ),
    "",
  ];
}

function describeSaid(said: readonly Said[]): string {
  const shown = said
    .slice(0, 4)
    .map(
      ({ atMs, verdict, fault, rule }) =>
        `${new Date(atMs).toISOString().slice(0, 13)}h ${verdict} ${fault} (${rule})`,
    );
  return [...shown, ...(said.length > 4 ? [`and ${said.length - 4} more`] : [])].join("; ");
}
