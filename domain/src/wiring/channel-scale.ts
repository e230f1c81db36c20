import { channelIdentity } from "./channel-identity.js";
import { channelLevels, type Level } from "./channel-levels.js";
import { dayGatherSeconds } from "./days.js";
import { shortProduction } from "./short-production.js";
import type { Site } from "./site.js";
import type { Finding, Row, Rule, RuleRun, WrongFinding } from "./types.js";
import { instantText, percentText } from "./wording.js";

/**
 * A channel reads a share of the truth, `partial`: a clamp around one of two strings, one phase of three
 * left out. Or it reads a multiple, or all read the same multiple or share, `scaled`: a transformer's
 * ratio was set anew, pulses are counted by another constant. Seen as a step from some weeks to the next in
 * - production: the best of each sunny hour against the best of the weeks before. Clouds, snow and
 *   shade take from some hours or days, never from all by the same.
 * - the house's nights: every quantile of what is drawn. Holidays spare the base load, a car or a heat
 *   pump adds to the large loads. Houses differ so much from one fortnight to the next that a
 *   loss of less than half is found in few.
 * - export: the share of production that is fed in where the house needs least.
 *
 * And, from the first days on, in balances: more is fed in than produced; four channels do not add up;
 * production stays far below its generator's size while consumption, derived from it, rests at noon.
 *
 * False alarms: a string of the generator that fails, or panels that are added, look the same in the meter
 * of the generator. The household is shown when it began, and can say so.
 */
export const channelScale: Rule = {
  id: "channel-scale",
  family: "balance",
  needs: [],
  gatherSeconds: dayGatherSeconds,
  start: run,
};

/** Outside of these a channel's factor is no noise of honest fortnights. */
const fallen = 0.8;
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
      const wrongs = balances.map((balance) => balance.finding()).filter(isWrong);
      return stepped(levels) ?? wrongs[0] ?? possible(levels) ?? { says: "nothing" };
    },
  };
}

function isWrong(finding: Finding): finding is WrongFinding {
  return finding.says === "wrong";
}

function stepped(levels: readonly Level[]): WrongFinding | undefined {
  const rise = levels.find(({ factor }) => factor > risen);
  const falls = levels.filter(({ factor }) => factor < fallen);
  const [found = rise] = falls;
  if (found === undefined) return undefined;
  // Import and export are one clamp's; with production there are two.
  const all =
    found.together || (falls.length > 1 && falls.some(({ flow }) => flow === "production"));
  const which = all ? "all meters read" : `the ${found.flow} meter reads`;
  return {
    says: "wrong",
    verdict: "held",
    fault: all || found === rise ? "scaled" : "partial",
    confidence: 0.95,
    fromMs: found.fromMs,
    toMs: found.toMs,
    explanation: `Since about ${instantText(found.fromMs)} ${which} ${percentText(found.factor)} of what they would have before, in the best hours as in all others.`,
  };
}

function possible(levels: readonly Level[]): WrongFinding | undefined {
  for (const { flow, possible, fromMs, toMs } of levels) {
    if (possible === undefined) continue;
    const explanation = `The ${flow} meter may read ${percentText(possible.factor)} of what it would have before; a few more days will tell.`;
    const fault = possible.factor < 1 ? "partial" : "scaled";
    return { says: "wrong", verdict: "suspect", fault, confidence: 0.6, fromMs, toMs, explanation };
  }
  return undefined;
}
