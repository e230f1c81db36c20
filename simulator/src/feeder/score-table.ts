import type { Outcome } from "./score.js";

const dayHours = 24;
const z95 = 1.96;

/** A share as `19 of 20 (76–99 %)`, with Wilson's interval of 95 %. */
export function share(hits: number, of: number): string {
  if (of === 0) return "-";
  const p = hits / of;
  const centre = (p + z95 ** 2 / (2 * of)) / (1 + z95 ** 2 / of);
  const half =
    (z95 / (1 + z95 ** 2 / of)) * Math.sqrt((p * (1 - p)) / of + z95 ** 2 / (4 * of ** 2));
  const percent = (value: number) => Math.round(100 * Math.min(1, Math.max(0, value)));
  return `${hits} of ${of} (${percent(centre - half)}–${percent(centre + half)} %)`;
}

/** Found within a day, and at all; hours in the middle and at the 90th percentile. */
export function cells(outcomes: readonly Outcome[]): string[] {
  const hours = outcomes
    .map(({ foundHours }) => foundHours ?? Number.POSITIVE_INFINITY)
    .toSorted((a, b) => a - b);
  const at = (part: number) => hoursText(hours[Math.ceil(part * hours.length) - 1]);
  return [
    share(hours.filter((each) => each <= dayHours).length, hours.length),
    share(hours.filter(Number.isFinite).length, hours.length),
    `${at(0.5)}, ${at(0.9)}`,
  ];
}

export function heads(kind: string): string[] {
  return [`${kind} within 24 h`, "at all", "p50, p90 h"];
}

/** Right homes called wrong and wrong ones called right, and faults given another's name. */
export function falseAnswers(outcomes: readonly Outcome[]): string {
  const falses = outcomes.filter(({ isFalse }) => isFalse).length;
  const held = outcomes.filter(({ isFalselyHeld }) => isFalselyHeld).length;
  const misnamed = outcomes.filter(({ isMisnamed }) => isMisnamed).length;
  const notes = [held > 0 && `${held} held`, misnamed > 0 && `${misnamed} misnamed`];
  return [`${falses} of ${outcomes.length}`, ...notes.filter(Boolean)].join(", ");
}

export function row(columns: readonly string[]): string {
  return `| ${columns.join(" | ")} |`;
}

export function rule(columns: number): string {
  return `|${"---|".repeat(columns)}`;
}

function hoursText(hours: number | undefined): string {
  return hours === undefined || hours === Number.POSITIVE_INFINITY ? "never" : hours.toFixed(1);
}
