import { createInterface } from "node:readline/promises";
import type { Prompt } from "./asker.js";
import { Screen } from "./screen.js";

export interface Terminal {
  readonly screen: Screen;
  /** Undefined where nobody sits in front of it. */
  readonly prompt: Prompt | undefined;
  readonly hasQrCode: boolean;
  /** Aborted by Ctrl-C, in a question or between two. */
  readonly signal: AbortSignal;
  close(): void;
}

/** Rows and columns of a QR code with what stands below it. */
const qrRows = 24;
const qrColumns = 60;

/** Shows itself on `out`; asks where both ends are a terminal. A second Ctrl-C ends at once. */
export function openTerminal(out: NodeJS.WriteStream): Terminal {
  const { env, stdin } = process;
  const isSmart = out.isTTY && env["TERM"] !== "dumb";
  const screen = new Screen({
    out,
    isLive: isSmart,
    isColoured: isSmart && (env["NO_COLOR"] ?? "") === "",
    columns: out.isTTY ? out.columns : 80,
    now: () => performance.now(),
  });
  const stop = new AbortController();
  const interrupt = (): void => {
    // What is kept is on disk already.
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const lines =
    stdin.isTTY && out.isTTY ? createInterface({ input: stdin, output: out }) : undefined;
  lines?.on("SIGINT", interrupt);
  // Ctrl-D is as good as Ctrl-C: nobody answers any more.
  lines?.on("close", () => stop.abort());
  return {
    screen,
    prompt:
      lines &&
      ((text, until) =>
        lines.question(text, {
          signal: until === undefined ? stop.signal : AbortSignal.any([stop.signal, until]),
        })),
    hasQrCode: out.isTTY && out.rows >= qrRows && out.columns >= qrColumns,
    signal: stop.signal,
    close: () => {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", interrupt);
      lines?.close();
    },
  };
}
