import { answerLength, requestLength } from "./frame.js";

export type Parity = "none" | "even" | "odd";

/** Milliseconds one character takes: start bit, 8 data bits, parity bit if any, one stop bit. */
export const characterMs = (baudRate: number, parity: Parity = "none"): number =>
  ((parity === "none" ? 10 : 11) * 1000) / baudRate;

/**
 * Silence that separates frames: 3.5 characters, fixed at 1.75 ms above 19200 Bd.
 * Source: Modbus over Serial Line V1.02, 2.5.1.1.
 */
export const silenceMs = (baudRate: number, parity: Parity = "none"): number =>
  baudRate > 19_200 ? 1.75 : 3.5 * characterMs(baudRate, parity);

/**
 * Least time on the wire for a list of reads: request, silence, answer and silence of each,
 * plus what the meter needs to answer. No master can be faster without breaking the silences.
 */
export function wireTimeMs(
  plan: readonly { readonly count: number }[],
  baudRate: number,
  { parity = "none", turnaroundMs = 0 }: { parity?: Parity; turnaroundMs?: number } = {},
): number {
  const character = characterMs(baudRate, parity);
  const silence = silenceMs(baudRate, parity);
  return plan.reduce(
    (sum, { count }) =>
      sum + (requestLength + answerLength(count)) * character + 2 * silence + turnaroundMs,
    0,
  );
}
