import { type Correlation, correlation } from "./correlation.js";
import { darkness } from "./darkness.js";
import { levelHabits, levelOf } from "./level-habits.js";
import { livesOnStorage, restingW } from "./resting.js";
import { houseOf, sampleOf } from "./samples.js";
import type { Site } from "./site.js";
import { solarTime } from "./solar-time.js";
import { type SkyOver, skyOver } from "./sun.js";
import type { Finding, Rule, RuleRun } from "./types.js";
import { instantText } from "./wording.js";

/**
 * Each meter has habits: what it usually reads at an hour of the day. Where each suddenly reads what the
 * other used to, after a gap or not, and what they read since then follows the sun the wrong way round,
 * their cables have changed places.
 */
export const exchange: Rule = {
  id: "exchange",
  family: "registers",
  needs: ["production"],
  gatherSeconds: 900,
  start: (site) => {
    // A battery in the panels' own line takes their shape, and gives the grid's import one.
    const isHidden = site.storage === "dc" && livesOnStorage(site);
    return site.pv === null || isHidden ? undefined : run(site);
  },
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Logarithm of how much likelier readings are with the meters exchanged; dull days of clean homes reach 37. */
const decided = 12;
/** No single hour decides: what was never seen before may yet happen. */
const mostPerHour = 5;
/** Past this, coming back would take days. */
const most = 40;
/** Habits need a week. */
const fewestHours = 4;
/** They are learned so much later than seen, so that an exchange is found before it is one. */
const learnAfterMs = 2 * dayMs;
/** Panels rest once the sun has set. */
const sunsetDeg = -0.8;
const fewestAwakeHours = 1;
/** So much daylight shows which of two meters follows the sun more, */
const fewestBrightHours = 4;
const lead = 0.15;
/** and so much that the house's meter does, and the production meter does not. */
const manyBrightHours = 8;
const follows = 0.85;
const strays = 0.5;

interface Seen {
  readonly startMs: number;
  readonly hour: number;
  readonly production: number;
  readonly house: number;
  readonly hours: number;
}

/** Since the last time that readings were likelier with the meters where they belong. */
interface Episode {
  readonly fromMs: number;
  likelihood: number;
  exchangedAfterSunset: boolean;
  exchangedInDark: boolean;
  /** A dead production meter is no house's. */
  awakeHours: number;
  brightHours: number;
  readonly production: Correlation;
  readonly house: Correlation;
}

function run(site: Site): RuleRun {
  const sky = skyOver(site);
  const isDark = darkness(site);
  const restW = restingW(site);
  const mayDischarge = livesOnStorage(site);
  const habits = { production: levelHabits(), house: levelHabits() };
  let unlearned: Seen[] = [];
  let day = Number.POSITIVE_INFINITY;
  let episode: Episode | undefined;
  let finding: Finding = { says: "nothing" };

  const learn = (nowMs: number) => {
    const today = Math.floor(nowMs / dayMs);
    day = Math.min(day, today);
    if (today > day) {
      habits.production.age(today - day);
      habits.house.age(today - day);
      day = today;
    }
    while (unlearned[0] !== undefined && unlearned[0].startMs < nowMs - learnAfterMs) {
      const { hour, production, house, hours } = unlearned[0];
      habits.production.learn(hour, production, hours);
      habits.house.learn(hour, house, hours);
      unlearned.shift();
    }
  };
  const likelihoodOf = ({ hour, production, house, hours }: Seen) => {
    if (habits.production.learnedHours(hour) < fewestHours) return 0;
    const exchanged =
      habits.production.shareOf(hour, house) * habits.house.shareOf(hour, production);
    const straight =
      habits.production.shareOf(hour, production) * habits.house.shareOf(hour, house);
    const log = Math.log(exchanged / straight);
    return Math.max(-mostPerHour, Math.min(mostPerHour, log)) * Math.min(1, hours);
  };

  return {
    push: (row) => {
      const sample = sampleOf(row);
      const house = houseOf(sample, site);
      if (sample.production === undefined || house === undefined) return;
      const seen = {
        startMs: sample.startMs,
        hour: solarTime(sample.startMs, site.longitude).hour,
        production: levelOf(sample.production, restW),
        house: levelOf(house, restW),
        hours: row.seconds / 3600,
      };
      learn(seen.startMs);
      const gain = likelihoodOf(seen);
      const likelihood = Math.min(most, (episode?.likelihood ?? 0) + gain);
      if (likelihood <= 0) {
        episode = undefined;
        finding = { says: "nothing" };
        unlearned.push(seen);
        return;
      }
      episode ??= begin(seen.startMs);
      episode.likelihood = likelihood;
      follow(episode, sky(row), isDark(seen.startMs, sample.endMs), seen, sample.production, house);
      if (likelihood < decided || !isExchanged(episode, mayDischarge)) {
        if (finding.says !== "wrong") unlearned.push(seen);
        return;
      }
      // Readings after an exchange must not become habits.
      const { fromMs } = episode;
      unlearned = unlearned.filter(({ startMs }) => startMs < fromMs);
      finding = exchanged(fromMs, sample.endMs, likelihood);
    },
    finding: () => finding,
  };
}

function begin(fromMs: number): Episode {
  return {
    fromMs,
    likelihood: 0,
    exchangedAfterSunset: false,
    exchangedInDark: false,
    awakeHours: 0,
    brightHours: 0,
    production: correlation(),
    house: correlation(),
  };
}

function follow(
  episode: Episode,
  { share, highestDeg }: SkyOver,
  isDark: boolean,
  seen: Seen,
  production: number,
  house: number,
): void {
  if (seen.production > 0) episode.awakeHours += seen.hours;
  if (seen.production > 0 && seen.house === 0) {
    episode.exchangedAfterSunset ||= highestDeg < sunsetDeg;
    episode.exchangedInDark ||= isDark;
  }
  if (share < 0.02) return;
  episode.brightHours += seen.hours;
  episode.production.add(seen.hours, share, production);
  episode.house.add(seen.hours, share, house);
}

function isExchanged(episode: Episode, mayDischarge: boolean): boolean {
  if (episode.awakeHours < fewestAwakeHours) return false;
  if (episode.exchangedInDark && !mayDischarge) return true;
  const [production, house] = [episode.production.value(), episode.house.value()];
  // With a clock that is off, panels seem to work after sunset; but by day they still follow the sun.
  const afterSunset =
    episode.exchangedAfterSunset && !mayDischarge && episode.brightHours >= fewestBrightHours;
  if (afterSunset && house - production > lead) return true;
  return episode.brightHours >= manyBrightHours && house > follows && production < strays;
}

function exchanged(fromMs: number, toMs: number, likelihood: number): Finding {
  return {
    says: "wrong",
    verdict: "held",
    fault: "swapped",
    confidence: Math.min(0.99, 0.9 + likelihood / 400),
    fromMs,
    toMs,
    explanation: `Since ${instantText(fromMs)} the production meter reads what the house's meter used to read at these hours, and the other way round: their cables have most likely changed places.`,
  };
}
