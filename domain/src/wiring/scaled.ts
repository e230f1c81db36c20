import { channelIdentity } from "./channel-identity.js";
import { channelLevels, type Level } from "./channel-levels.js";
import { dayGatherSeconds } from "./days.js";
import { allTogether } from "./partial.js";
import { shortProduction } from "./short-production.js";
import type { Site } from "./site.js";
import type { Finding, Row, Rule, RuleRun } from "./types.js";
import { instantText } from "./wording.js";

/**
 * A channel reads a multiple of the truth, or all read the same multiple or share: a transformer's ratio was
 * set anew, or pulses are counted by another constant. Seen as the partial one is, upwards: three quarters
 * of the sunny hours rise above their best of the weeks before by a third or more, which clear air,
 * melted snow and cut trees do not bring about in all hours at once; or every quantile of what is
 * drawn at night rises by one factor (a heat pump or a car adds to the large ones).
 *
 * More panels look the same: they are to be declared.
 */
export const scaled: Rule = {
  id: "scaled",
  family: "registers",
  needs: [],
  gatherSeconds: dayGatherSeconds,
  start: run,
};

/** Above this a channel reads too much. */
const risen = 1.25;

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
      const all = allTogether(levels);
      const found = levels.find(({ factor }) => factor > risen || (all && factor < 1));
      if (found !== undefined) return wrong(found, all || found.together);
      const balance = balances
        .map((one) => one.finding())
        .find((one) => one.says === "wrong" && one.fault === "scaled");
      if (balance !== undefined) return balance;
      const possible = levels.find((level) => (level.possible?.factor ?? 1) > risen);
      return possible === undefined ? { says: "nothing" } : perhaps(possible);
    },
  };
}

function wrong({ flow, factor, fromMs, toMs }: Level, all: boolean): Finding {
  const which = all ? "all meters read" : `the ${flow} meter reads`;
  return {
    says: "wrong",
    verdict: "held",
    fault: "scaled",
    confidence: 0.95,
    fromMs,
    toMs,
    explanation: `Since about ${instantText(fromMs)} ${which} ${factor.toFixed(2)} times what they would have before, at all hours: a ratio or a scale was changed.`,
  };
}

function perhaps({ flow, possible, fromMs, toMs }: Level): Finding {
  return {
    says: "wrong",
    verdict: "suspect",
    fault: "scaled",
    confidence: 0.6,
    fromMs,
    toMs,
    explanation: `The ${flow} meter may read ${(possible?.factor ?? 1).toFixed(2)} times what it read before; a few more days will tell.`,
  };
}
