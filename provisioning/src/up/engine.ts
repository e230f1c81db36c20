import { isDeepStrictEqual } from "node:util";
import { codeOf, remedyFor } from "@powershare/domain/errors";
import { isRefusal } from "../enrolment/refusal.js";
import { answerNo, outsideFailed, UnreadableInput, usageError } from "../output.js";
import { Asker, type AskerOptions } from "./asker.js";
import type { StepResults } from "./results.js";
import type { StepId } from "./state.js";
import { type Done, type Step, StepWaiting, type Tools } from "./step.js";

export type EngineTools = Omit<Tools, "ask"> & Pick<AskerOptions, "given" | "prompt">;

/** How a step stands at the end of a run. */
export interface StepReport {
  readonly id: StepId;
  readonly title: string;
  readonly state: "done" | "failed" | "waiting" | "interrupted" | "open";
  readonly at?: string;
  readonly summary?: string;
  readonly message?: string;
  readonly code?: string;
  readonly remedy?: string;
}

export interface Outcome {
  readonly exitCode: number;
  readonly done: boolean;
  readonly steps: readonly StepReport[];
}

type AnyStep = { [K in StepId]: Step<K> }[StepId];

/** Does what is not done yet, in order, and stops where a step does not succeed. */
export async function runSteps(steps: readonly AnyStep[], tools: EngineTools): Promise<Outcome> {
  const results = new Map<StepId, unknown>();
  const done: Done = (id) => {
    if (!results.has(id)) throw new RangeError(`step ${id} is not done`);
    return results.get(id) as StepResults[typeof id];
  };
  const reports: StepReport[] = [];
  let exitCode: number | undefined;
  for (const [index, step] of steps.entries()) {
    const { id, title } = step;
    if (exitCode !== undefined) {
      reports.push({ id, title, state: "open" });
      continue;
    }
    const attempt = await attemptStep(step as Step, `${index + 1}/${steps.length}`, done, tools);
    reports.push(attempt.report);
    if (attempt.exitCode === undefined) results.set(id, attempt.result);
    else exitCode = attempt.exitCode;
  }
  return { exitCode: exitCode ?? 0, done: exitCode === undefined, steps: reports };
}

interface Attempt {
  readonly report: StepReport;
  readonly result?: unknown;
  /** Where the run ends here. */
  readonly exitCode?: number;
}

async function attemptStep(
  step: Step,
  number: string,
  done: Done,
  tools: EngineTools,
): Promise<Attempt> {
  const { id, title } = step;
  const { file, given, now, options, prompt, screen, signal } = tools;
  const inputs = plain(step.inputs(done, options));
  const kept = keptResult(step, inputs, tools);
  if (kept !== undefined) {
    const summary = step.summary(kept.result);
    screen.end(number, title, "ok", summary);
    return { result: kept.result, report: { id, title, state: "done", at: kept.at, summary } };
  }
  screen.begin(number, title);
  const ask = new Asker({ step: id, given, file, screen, prompt });
  try {
    signal.throwIfAborted();
    const result = await step.run(done, { file, now, options, screen, signal, ask });
    const at = now().toISOString();
    file.state.steps[id] = { at, inputs, result };
    await file.save();
    const summary = step.summary(result);
    screen.end(number, title, "ok", summary);
    return { result, report: { id, title, state: "done", at, summary } };
  } catch (error) {
    return stopped(error, step, number, tools);
  }
}

/** Of an earlier run, where it rests on what is so today. */
function keptResult(step: Step, inputs: unknown, { file, options }: EngineTools) {
  const kept = file.state.steps[step.id];
  if (kept === undefined || !isDeepStrictEqual(kept.inputs, inputs)) return undefined;
  const parsed = step.result.safeParse(kept.result);
  if (!parsed.success || step.isEnough?.(parsed.data, options) === false) return undefined;
  return { at: kept.at, result: parsed.data };
}

/** As it comes back from the file. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}

function stopped(error: unknown, step: Step, number: string, tools: EngineTools): Attempt {
  const { id, title } = step;
  const { screen, signal } = tools;
  if (signal.aborted) {
    screen.end(number, title, "--", "interrupted");
    return { exitCode: outsideFailed, report: { id, title, state: "interrupted" } };
  }
  if (error instanceof StepWaiting) {
    screen.end(number, title, "--", error.message);
    for (const line of error.next) screen.row(line);
    const { message } = error;
    const remedy = error.next.join("\n");
    return { exitCode: 0, report: { id, title, state: "waiting", message, remedy } };
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error) ?? (error instanceof Error ? codeOf(error.cause) : undefined);
  const remedy = code === undefined ? undefined : remedyFor(code);
  screen.end(number, title, "no", message);
  if (remedy !== undefined) screen.text(`What to do: ${remedy}`);
  if (code !== undefined) screen.text(`[${code}]`);
  const report = {
    id,
    title,
    state: "failed" as const,
    message,
    ...(code !== undefined && { code }),
    ...(remedy !== undefined && { remedy }),
  };
  return { exitCode: exitCodeOf(error), report };
}

function exitCodeOf(error: unknown): number {
  if (codeOf(error)?.startsWith("up.") === true || isRefusal(error)) return answerNo;
  return error instanceof UnreadableInput ? usageError : outsideFailed;
}
