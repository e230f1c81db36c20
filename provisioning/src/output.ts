import { codeOf, type ErrorCode, remedyFor } from "@powershare/domain/errors";

/** Exit codes of every command: 0 yes or done, 1 the answer is no, 2 bad usage or unreadable input, 3 something outside failed. */
export const answerNo = 1;
export const usageError = 2;
export const outsideFailed = 3;

/** The one JSON document, or the text for people, on standard output. */
export function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

/**
 * Ends the command where nobody reads its output any more, as `| head -1` does, and says where
 * output cannot be written, as on a full disk.
 */
export function watchOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE")
      fail(new Error(`cannot write the output: ${error.message}`, { cause: error }));
    process.exit();
  });
  process.stderr.on("error", () => {});
}

/** Progress and remarks for people, on standard error. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Input that cannot be read or parsed: says where and what was expected, and exits 2. */
export class UnreadableInput extends Error {
  override readonly name = "UnreadableInput";
}

/** The code that says what to do: the contract's own where the ledger refused, else the error's or its cause's. */
export function tellingCode(error: unknown): ErrorCode | undefined {
  if (!(error instanceof Error)) return codeOf(error);
  const refusal = "reason" in error ? codeOf({ code: error.reason }) : undefined;
  return refusal ?? codeOf(error) ?? codeOf(error.cause);
}

/** Says what happened and what to do now; sets the exit code. */
export function fail(error: unknown): void {
  const code = tellingCode(error);
  say(`powershare: ${error instanceof Error ? error.message : String(error)}`);
  if (code !== undefined) say(`  [${code}] ${remedyFor(code)}`);
  process.exitCode = error instanceof UnreadableInput ? usageError : outsideFailed;
}
