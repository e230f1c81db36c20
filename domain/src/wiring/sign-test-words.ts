import type { SignTestFault, SignTestMeter, SignTestState } from "./sign-test-types.js";

export interface PartWords {
  /** What is asked for, or what was found. */
  readonly text: string;
  /** What a person does now; empty where nothing is to be done. */
  readonly remedy: string;
}

interface Facts {
  readonly meter: SignTestMeter;
  readonly phase: number;
  readonly state: SignTestState;
  readonly fault?: SignTestFault;
  readonly steps: number;
  readonly signalToNoise: number;
  readonly errorProbability: number;
  readonly repeated: boolean;
}

/** What an installer reads about one phase of one meter. */
export function wordsOf(facts: Facts): PartWords {
  const place = `L${facts.phase} of the ${facts.meter} meter`;
  if (facts.state === "waiting") return waiting(place, facts);
  if (facts.state === "passed") {
    const chance = Math.min(1_000_000, Math.floor(1 / facts.errorProbability));
    return {
      text: `${place}: ${facts.steps} steps of power had the right sign and the voltage answered (by chance in one test of ${chance} at most).`,
      remedy: "",
    };
  }
  return facts.state === "failed" ? failed(place, facts) : abstains(place, facts);
}

function waiting(place: string, { meter, phase, repeated, steps }: Facts): PartWords {
  const seen = `${steps} of at least 4 steps of 1 kW seen.`;
  if (meter === "generator") {
    return {
      text: `${place}: ${seen}`,
      remedy:
        "With the sun up, switch the generator off and on twice, half a minute apart; or wait while clouds pass.",
    };
  }
  const again = repeated ? "Power and voltage disagreed: begin again with the appliance off. " : "";
  return {
    text: `${place}: ${seen}`,
    remedy: `${again}Put a battery on standby. Begin with everything quiet for a minute; then switch a kettle or heater of at least 1 kW on L${phase} on, and off, twice, ten seconds apart or more.`,
  };
}

const faults: Readonly<Record<SignTestFault, PartWords>> = {
  reversed: {
    text: "power runs the wrong way: the voltage moved against what the meter shows.",
    remedy:
      "Turn the clamp round, or exchange incoming and outgoing wire of this meter, and test again.",
  },
  "phase-reversed": {
    text: "power of this phase runs the wrong way: the voltage moved against what the meter shows.",
    remedy: "Turn the clamp of this phase round, and test again.",
  },
  swapped: {
    text: "what the meter measures is no generator: its power and the voltage's answer are those of a load.",
    remedy:
      "Exchange the two meters' cables, or give the meters their right roles, and test again.",
  },
  other: {
    text: "the voltage of another phase answers to this phase's power.",
    remedy: "Put clamp and voltage wire of this phase on the same conductor, and test again.",
  },
};

function failed(place: string, { fault = "other" }: Facts): PartWords {
  const { text, remedy } = faults[fault];
  return { text: `${place}: ${text}`, remedy };
}

function abstains(place: string, { steps, signalToNoise }: Facts): PartWords {
  const ratio = signalToNoise.toFixed(1);
  return {
    text:
      steps === 0
        ? `${place}: no clear step of 1 kW was seen.`
        : `${place}: ${steps} steps, but the voltage answers too faintly to tell (signal to noise ${ratio}).`,
    remedy:
      "Test again with a larger load and a battery on standby; until then a night and a day have to prove the wiring.",
  };
}
