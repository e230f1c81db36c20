import type { Finding, WrongFinding } from "./types.js";
import type { Answer, Direction } from "./voltage-probe.js";
import { instantText } from "./wording.js";

/** A channel, what the voltage says of it, and what it would say if the wiring were right. */
export interface Asked {
  readonly channel: "grid" | "gridL1" | "gridL2" | "gridL3" | "production" | "consumption";
  readonly right: Direction;
  readonly answer: Answer;
  /** Of all that was looked at: negative where the channel shows more negative power than positive. */
  readonly energyWs: number;
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

/** From all channels together: which fault it is. */
export function faultOf(asked: readonly Asked[]): Finding {
  const known = asked.filter(({ answer }) => answer.direction !== undefined);
  const wrong = known.filter(({ answer, right }) => answer.direction !== right);
  if (known.length === 0) return { says: "nothing" };
  const named = nameOf(known, wrong);
  if (wrong.length > 0 && named === undefined) return { says: "nothing" };
  if (named === undefined) {
    return {
      says: "right",
      confidence: Math.min(...known.map(({ answer }) => answer.confidence)),
      fromMs: Math.min(...known.map(({ answer }) => answer.fromMs)),
    };
  }
  return finding(named);
}

function nameOf(known: readonly Asked[], wrong: readonly Asked[]): Named | undefined {
  const grid = ofGrid(known, wrong);
  if (grid !== undefined) return grid;
  const production = wrong.find(({ channel }) => channel === "production");
  const consumption = wrong.find(({ channel }) => channel === "consumption");
  const by = [production, consumption].filter((one) => one !== undefined);
  if (by.length === 0) return undefined;
  // What counts backwards is negative; what counts something else is not.
  const reversed = by.every(({ energyWs }) => energyWs < 0);
  // A consumption that was computed from a reversed clamp goes the wrong way beside a right production.
  const computed =
    production === undefined && known.some(({ channel }) => channel === "production");
  return reversed || computed
    ? { fault: "reversed", by, because: "it is counted with the wrong sign" }
    : {
        fault: "swapped",
        by,
        because:
          production === undefined
            ? "what is counted as consumption is a generator"
            : "what is counted as production is a load",
      };
}

function ofGrid(known: readonly Asked[], wrong: readonly Asked[]): Named | undefined {
  const isGrid = ({ channel }: Asked) => channel.startsWith("grid");
  const isPhase = ({ channel }: Asked) => channel.startsWith("gridL");
  const phases = wrong.filter(isPhase);
  const by = wrong.filter(isGrid);
  if (by.length === 0) return undefined;
  const because = "incoming and outgoing are exchanged there";
  const whole = phases.length === 0 || known.filter(isPhase).length === phases.length;
  if (!whole) return { fault: "phase-reversed", by: phases, because };
  // A single phase that is known yet may be one of three or all of them.
  return phases.length === 1 ? undefined : { fault: "reversed", by, because };
}

function finding({ fault, by, because }: Named): Finding {
  const answers = by.map(({ answer }) => answer);
  const [surest] = answers.toSorted((a, b) => b.confidence - a.confidence);
  if (surest === undefined) return { says: "nothing" };
  const channels = by.map(({ channel }) => names[channel]).join(" and ");
  const does = by[0]?.right === "load" ? "rose instead of falling" : "fell instead of rising";
  const { steps, confidence, fromMs, toMs } = surest;
  return {
    says: "wrong",
    verdict: "held",
    fault,
    confidence,
    fromMs,
    toMs,
    explanation: `In ${steps} steps of the ${channels} since ${instantText(fromMs)} the voltage ${does} when power went up: ${because}. Chance would do this less than once in 100,000 steps.`,
  };
}
