import { channelIdentity } from "./channel-identity.js";
import { channelLevels, type Level } from "./channel-levels.js";
import { dayGatherSeconds } from "./days.js";
import { shortProduction } from "./short-production.js";
import type { Site } from "./site.js";
import type { Finding, Row, Rule, RuleRun } from "./types.js";
import { instantText, percentText } from "./wording.js";

/**
 * One channel falls to a share of the truth: a clamp around one of two strings, a transformer of another
 * ratio, one phase of three left out. Seen by
 * - production: the best of each sunny hour falls by one factor against the best weeks before, and stays
 *   there on every fair day (clouds, snow and shade take from some hours or days, never all by the same)
 * - house: every quantile of what is drawn at night falls by one factor (holidays spare the base load)
 * - balance, from the first day: production stays below what is fed in; or below half of what its
 *   generator gives under a clear sky, while consumption, derived from it, rests at noon
 *
 * A string of the generator that fails looks the same in its own meter's channel: the household is shown
 * the date and can say so.
 */
export const partial: Rule = {
  id: "partial",
  family: "balance",
  needs: [],
  gatherSeconds: dayGatherSeconds,
  start: run,
};

/** Below this a channel has lost a share; noise of honest fortnights stays above. */
const fallen = 0.8;

function run(site: Site): RuleRun {
  const channels = channelLevels(site);
  const balances = [shortProduction(site), channelIdentity(site)];
  return {
    push: (row: Row) => {
      channels.push(row);
      for (const balance of balances) balance.push(row);
    },
    finding: () => {
      const levels = channels.levels();
      if (allTogether(levels)) return { says: "nothing" };
      const found = levels.find(({ factor }) => factor < fallen);
      if (found !== undefined) return wrong(found);
      const balance = balances
        .map((one) => one.finding())
        .find((one) => one.says === "wrong" && one.fault === "partial");
      if (balance !== undefined) return balance;
      const possible = levels.find((level) => (level.possible?.factor ?? 1) < fallen);
      if (possible !== undefined) return perhaps(possible);
      return { says: "nothing" };
    },
  };
}

/** Production and the house fell together: a scale, not a share. */
export function allTogether(levels: readonly Level[]): boolean {
  const fell = levels.filter(({ factor }) => factor < fallen);
  return fell.some(({ together }) => together) || fell.length > 1;
}

function wrong({ flow, factor, fromMs, toMs }: Level): Finding {
  return {
    says: "wrong",
    verdict: "held",
    fault: "partial",
    confidence: 0.95,
    fromMs,
    toMs,
    explanation: `Since about ${instantText(fromMs)} the ${flow} meter reads ${percentText(factor)} of what it read before, in the best hours as in all others: it no longer sees all of it.`,
  };
}

function perhaps({ flow, possible, fromMs, toMs }: Level): Finding {
  return {
    says: "wrong",
    verdict: "suspect",
    fault: "partial",
    confidence: 0.6,
    fromMs,
    toMs,
    explanation: `The ${flow} meter may read only ${percentText(possible?.factor ?? 1)} of what it read before; a few more days will tell.`,
  };
}
