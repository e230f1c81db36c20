import { codeOf, type ErrorCode, remedyFor } from "@powershare/domain/errors";
import type { Check, Finding } from "./types.js";

/** A check's outcome as it is printed; a red line always has code and remedy. */
export interface Line {
  readonly id: string;
  readonly title: string;
  readonly ok: boolean;
  /** False where the check threw something without a code, or did not end in time: nothing is known then. */
  readonly looked: boolean;
  readonly detail: string;
  readonly code?: ErrorCode;
  readonly remedy?: string;
}

export interface RunOptions {
  /** Of each check, ms. */
  readonly deadlineMs?: number;
  /** Checks under way at once. */
  readonly concurrency?: number;
}

/**
 * Runs the checks, a few at a time, each with a deadline of its own. Never rejects: a check that
 * throws, or does not end, is a red line.
 * @param onLine told each line, in the order of the checks
 */
export async function runChecks(
  checks: readonly Check[],
  onLine: (line: Line) => void = () => {},
  { deadlineMs = 15_000, concurrency = 4 }: RunOptions = {},
): Promise<Line[]> {
  const lines: (Line | undefined)[] = checks.map(() => undefined);
  let next = 0;
  let told = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < checks.length; index = next++) {
      const check = checks[index];
      if (check === undefined) return;
      lines[index] = await lineOf(check, deadlineMs);
      for (let line = lines[told]; line !== undefined; line = lines[++told]) onLine(line);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return lines.filter((line) => line !== undefined);
}

async function lineOf(check: Check, deadlineMs: number): Promise<Line> {
  const { id, title } = check;
  const stop = new AbortController();
  try {
    const { ok, detail, code, remedy } = await within(check, stop, deadlineMs);
    const known = code === undefined ? undefined : remedyFor(code);
    const advice = remedy ?? known;
    return {
      id,
      title,
      ok,
      looked: true,
      detail: oneLine(detail),
      ...(code === undefined ? {} : { code }),
      ...(advice === undefined ? {} : { remedy: advice }),
    };
  } catch (error) {
    const known = codeOf(error);
    const code = known ?? "device.unlooked";
    const detail = oneLine(error instanceof Error ? error.message : String(error));
    const looked = known !== undefined;
    return { id, title, ok: false, looked, detail, code, remedy: remedyFor(code) };
  }
}

/** The check's finding; rejects at the deadline even where the check does not heed its signal. */
async function within(check: Check, stop: AbortController, deadlineMs: number): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`no result within ${deadlineMs / 1000} s`);
      stop.abort(error);
      reject(error);
    }, deadlineMs);
  });
  try {
    return await Promise.race([check.run(stop.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, "; ").trim();
