import type { Finding, WrongFinding } from "./types.js";
import type { Answer, Direction } from "./voltage-probe.js";
import { instantText } from "./wording.js";

/** A channel, what the voltage says of it, and what it would say if the wiring were right. */
export interface Asked {
  readonly channel: "grid" | "gridL1" | "gridL2" | "gridL3" | "production" | "consumption";
  readonly right: Direction;
  readonly answer: Answer;
  /** Of the last hours: negative where the channel shows more negative power than positive. */
  readonly energyWs: number;
  /** No battery that holds the voltage makes it go the other way. */
  readonly isHonest: boolean;
}

interface Named {
  readonly fault: WrongFinding["fault"];
  readonly by: readonly Asked[];
  readonly because: string;
}

const names: Readonly<Record<Asked["channel"], string>> = {
  grid: "grid power",
  gridL1: "grid power of L1",
  gridL2: "grid power of L2",
  gridL3: "grid power of L3",
  production: "production",
  consumption: "consumption",
};

/** From all channels together: which fault it is. Right is said only when every channel that moves is known. */
export function faultOf(all: readonly Asked[], hasSun: boolean): Finding {
  const byPhase = all.some(({ channel, answer }) => isPhase(channel) && answer.moves);
  const asked = byPhase ? all.filter(({ channel }) => channel !== "grid") : all;
  const known = asked.filter(({ answer }) => answer.direction !== undefined);
  const wrong = known.filter(({ answer, right }) => answer.direction !== right);
  if (wrong.length > 0) {
    const named = nameOf(known, wrong);
    return named === undefined
      ? { says: "nothing" }
      : finding(named, !hasSun || knows("production", asked));
  }
  const open = asked.some(({ answer }) => answer.moves && answer.direction === undefined);
  if (open || known.length === 0) return { says: "nothing" };
  return {
    says: "right",
    confidence: Math.min(...known.map(({ answer }) => answer.confidence)),
    fromMs: Math.min(...known.map(({ answer }) => answer.fromMs)),
  };
}

/** Steps in the dark that no cloud can have made; and their share where they alone would hold. */
const enoughDark = 8;
const darkShare = 0.25;
const isInDark = ({ answer }: Asked) => answer.darkSteps >= enoughDark;
const isOfDark = (one: Asked) =>
  isInDark(one) && one.answer.darkSteps >= darkShare * one.answer.steps;
const knows = (name: Asked["channel"], asked: readonly Asked[]) =>
  asked.some(({ channel, answer }) => channel === name && answer.moves);

const isPhase = (channel: Asked["channel"]) => channel.startsWith("gridL");

function nameOf(known: readonly Asked[], wrong: readonly Asked[]): Named | undefined {
  const grid = ofGrid(known, wrong);
  if (grid !== undefined) return grid;
  const production = wrong.find(({ channel }) => channel === "production");
  const consumption = wrong.find(({ channel }) => channel === "consumption");
  const by = [production, consumption].filter((one) => one !== undefined);
  if (by.length === 0) return undefined;
  const isKnown = (name: Asked["channel"]) => known.some(({ channel }) => channel === name);
  // What counts backwards is negative; and a consumption that was computed from a reversed clamp goes
  // the wrong way beside a right production.
  const reversed = by.every(({ energyWs }) => energyWs < 0);
  if (reversed || (production === undefined && isKnown("production"))) {
    return { fault: "reversed", by, because: "it is counted with the wrong sign" };
  }
  // A sun that seems to pull the voltage down: neighbours' generators on other phases may do that.
  if (consumption === undefined && !by.some(isInDark)) return undefined;
  if (consumption === undefined && isKnown("consumption")) return undefined;
  const because =
    production === undefined
      ? "what is counted as consumption is a generator"
      : "what is counted as production is a load";
  return { fault: "swapped", by, because };
}

function ofGrid(known: readonly Asked[], wrong: readonly Asked[]): Named | undefined {
  const isGrid = ({ channel }: Asked) => channel.startsWith("grid");
  const phases = wrong.filter(({ channel }) => isPhase(channel));
  const by = wrong.filter(isGrid);
  if (by.length === 0) return undefined;
  const because = "incoming and outgoing are exchanged there";
  const whole =
    phases.length === 0 || known.filter(({ channel }) => isPhase(channel)).length === phases.length;
  if (!whole) return { fault: "phase-reversed", by: phases, because };
  // A single phase that is known yet may be one of three or all of them.
  return phases.length === 1 ? undefined : { fault: "reversed", by, because };
}

/** `sunApart`: steps of the sun are known, and left out of what is looked at elsewhere. */
function finding({ fault, by, because }: Named, sunApart: boolean): Finding {
  const answers = by.map(({ answer }) => answer);
  const [surest] = answers.toSorted((a, b) => b.confidence - a.confidence);
  if (surest === undefined) return { says: "nothing" };
  const channels = by.map(({ channel }) => names[channel]).join(" and ");
  const does = by[0]?.right === "load" ? "rose instead of falling" : "fell instead of rising";
  const { steps, confidence, fromMs, toMs } = surest;
  const isHeld = by.some((one) => one.isHonest && (sunApart || isOfDark(one)));
  return {
    says: "wrong",
    verdict: isHeld ? "held" : "suspect",
    fault,
    confidence,
    fromMs,
    toMs,
    explanation: `In ${steps} steps of the ${channels} since ${instantText(fromMs)} the voltage ${does} when power went up: ${because}. Chance would do this less than once in 100,000 steps.`,
  };
}
