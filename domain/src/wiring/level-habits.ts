/** Rest, then steps of 1.6 from there on. */
const levels = 18;
const step = Math.log(1.6);
/** A habit of two weeks ago counts half. */
const keepPerDay = 0.5 ** (1 / 14);
/** What was never seen is not impossible: so many hours are taken as seen at every level. */
const unseenHours = 0.1;
const hours = 24;

/** Step on a scale of powers on which a house's habits repeat. */
export function levelOf(watts: number, restW: number): number {
  if (watts <= restW) return 0;
  return Math.min(levels - 1, 1 + Math.floor(Math.log(watts / restW) / step));
}

/** How often a meter reads which level at which hour of the day. */
export interface LevelHabits {
  readonly learn: (hour: number, level: number, hoursLong: number) => void;
  readonly age: (days: number) => void;
  /** Share of the time that this level, or one beside it, was read about this hour. */
  readonly shareOf: (hour: number, level: number) => number;
  /** Hours learned for this hour of the day, those long ago counting less. */
  readonly learnedHours: (hour: number) => number;
}

export function levelHabits(): LevelHabits {
  const counts = Array.from({ length: hours }, () => new Float64Array(levels));
  const at = (hour: number) => counts[(hour + hours) % hours] ?? new Float64Array(levels);
  const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
  return {
    learn: (hour, level, hoursLong) => {
      const row = at(hour);
      row[level] = (row[level] ?? 0) + hoursLong;
    },
    age: (days) => {
      const keep = keepPerDay ** days;
      for (const row of counts) for (const [i, count] of row.entries()) row[i] = count * keep;
    },
    shareOf: (hour, level) => {
      let [seen, all] = [0, 0];
      for (const [offset, weight] of [
        [0, 1],
        [-1, 0.25],
        [1, 0.25],
      ] as const) {
        const row = at(hour + offset);
        const beside =
          (row[Math.max(0, level - 1)] ?? 0) + (row[Math.min(levels - 1, level + 1)] ?? 0);
        seen += weight * (0.6 * (row[level] ?? 0) + 0.2 * beside);
        all += weight * sum(row);
      }
      return (seen + unseenHours) / (all + unseenHours * levels);
    },
    learnedHours: (hour) => sum(at(hour)),
  };
}
