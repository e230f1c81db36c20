import type { z } from "zod";
import type { Asker } from "./asker.js";
import type { StepResults } from "./results.js";
import type { Screen } from "./screen.js";
import type { Places, StateFile, StepId } from "./state.js";

/** What the command line says beside answers. */
export interface UpOptions {
  readonly dataDir: string;
  readonly places: Places;
  /** How long operator and agent are waited for, ms. */
  readonly waitMs: number;
  /** The agent and its first evidence are not waited for. */
  readonly isAgentAwaited: boolean;
  /** The terminal is large enough for one. */
  readonly hasQrCode: boolean;
  /** Enrolment by files: where the request goes, or what the operator sent back. */
  readonly requestFile: string | undefined;
  readonly responseFile: string | undefined;
}

export interface Tools {
  readonly options: UpOptions;
  readonly screen: Screen;
  readonly ask: Asker;
  readonly file: StateFile;
  /** Ctrl-C. Every wait ends with it. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

/** Results of the steps before, as far as they are done. */
export type Done = <K extends StepId>(step: K) => StepResults[K];

export interface Step<K extends StepId = StepId> {
  readonly id: K;
  readonly title: string;
  /** What it rests on, as JSON: it stays done as long as this is the same. */
  readonly inputs: (done: Done, options: UpOptions) => unknown;
  readonly result: z.ZodType<StepResults[K]>;
  /** Whether what an earlier run came to is enough for this one; left out: always. */
  readonly isEnough?: (result: StepResults[K], options: UpOptions) => boolean;
  /** @throws CodedError `up.*` where the answer is no, and others; StepWaiting, UnreadableInput */
  readonly run: (done: Done, tools: Tools) => Promise<StepResults[K]>;
  /** One line that says what came of it. */
  readonly summary: (result: StepResults[K]) => string;
}

/** Somebody else has to do something first, which this run does not wait for. */
export class StepWaiting extends Error {
  override readonly name = "StepWaiting";
  /** What to do next, a line each. */
  readonly next: readonly string[];
  constructor(message: string, next: readonly string[]) {
    super(message);
    this.next = next;
  }
}
