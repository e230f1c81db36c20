import { SignEvidence } from "./sign-evidence.js";
import { type Level, type StepProduct, StepProducts } from "./step-products.js";

/** Wealth at which a direction is believed: by chance alone it comes once in so many steps. */
const believedAt = Math.log(1e5);
const mostConfidence = 0.999999;

export type Direction = "load" | "injection";

const opposite = { load: "injection", injection: "load" } as const;

/** What the voltage says of one channel, and how sure that is. */
export interface Answer {
  /** `load`: the voltage falls when the channel rises. Undefined while it is not known. */
  readonly direction: Direction | undefined;
  /** Whether the channel ever moved by as much as an appliance. */
  readonly moves: boolean;
  readonly confidence: number;
  readonly steps: number;
  readonly darkSteps: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * One channel against the voltage that it acts on: two tests side by side, one for each direction. What
 * one has decided stands until the other decides, so that a change of the wiring is seen and a repair too.
 */
export class VoltageProbe {
  readonly #evidence: Record<Direction, SignEvidence> = {
    load: new SignEvidence(),
    injection: new SignEvidence(),
  };
  readonly #steps = new StepProducts((step) => this.#take(step));
  #direction: Direction | undefined;
  #toMs = 0;

  push(level: Level): void {
    this.#steps.push(level);
  }

  #take(step: StepProduct): void {
    this.#add("load", { ...step, product: -step.product });
    this.#add("injection", step);
    this.#toMs = step.atMs;
  }

  #add(direction: Direction, step: StepProduct): void {
    const evidence = this.#evidence[direction];
    evidence.add(step);
    if (evidence.log < believedAt || direction === this.#direction) return;
    // What spoke for the other direction is of before the wiring changed.
    this.#direction = direction;
    this.#evidence[opposite[direction]] = new SignEvidence();
  }

  answer(): Answer {
    const direction = this.#direction;
    const { log, steps, darkSteps, fromMs } = this.#evidence[direction ?? "load"];
    // It may have faded since, while the other one is not yet believed.
    const evidence = direction === undefined ? 0 : Math.max(believedAt, log);
    const confidence =
      direction === undefined ? 0 : Math.min(mostConfidence, 1 - Math.exp(-evidence));
    return {
      direction,
      moves: this.#steps.moves,
      confidence,
      steps,
      darkSteps,
      fromMs,
      toMs: this.#toMs,
    };
  }
}
