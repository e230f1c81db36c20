import { gather } from "./gather.js";
import type { Site } from "./site.js";
import type { Row, Rule, RuleRun } from "./types.js";
import type { Found } from "./verdict.js";

/** Rules at work on one site. */
export interface Running {
  readonly push: (row: Row) => void;
  readonly found: () => readonly Found[];
}

/** Starts those rules that have something to look at. Short rows are gathered once for all that ask for the same length, and those into longer ones. */
export function startRules(site: Site, rules: readonly Rule[]): Running {
  const running = rules
    .filter((rule) => rule.needs.every((channel) => site.channels.includes(channel)))
    .flatMap((rule) => {
      const run = rule.start(site);
      return run === undefined ? [] : [{ rule, run }];
    });
  const lengthOf = (rule: Rule) => rule.gatherSeconds ?? 0;
  const push = [...new Set(running.map(({ rule }) => lengthOf(rule)))]
    .sort((a, b) => b - a)
    .reduce<((row: Row) => void) | undefined>((longer, seconds) => {
      const use = pushTo(running.filter(({ rule }) => lengthOf(rule) === seconds));
      return gather(seconds, (row) => {
        use(row);
        longer?.(row);
      });
    }, undefined);
  return {
    push: (row) => push?.(row),
    found: () => running.map(({ rule, run }) => ({ rule, finding: run.finding() })),
  };
}

function pushTo(group: readonly { readonly run: RuleRun }[]): (row: Row) => void {
  return (row) => {
    for (const { run } of group) run.push(row);
  };
}
