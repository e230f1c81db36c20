import { answerLength, requestLength } from "./frame.js";

export type Parity = "none" | "even" | "odd";
export type StopBits = 1 | 2;

/** Milliseconds one character takes: start bit, 8 data bits, parity bit if any, stop bits. */
export const characterMs = (
  baudRate: number,
  parity: Parity = "none",
  stopBits: StopBits = 1,
): number => ((9 + (parity === "none" ? 0 : 1) + stopBits) * 1000) / baudRate;

/**
 * Silence that separates frames: 3.5 characters, fixed at 1.75 ms above 19200 Bd.
 * Source: Modbus over Serial Line V1.02, 2.5.1.1.
 */
export const silenceMs = (
  baudRate: number,
  parity: Parity = "none",
  stopBits: StopBits = 1,
): number => (baudRate > 19_200 ? 1.75 : 3.5 * characterMs(baudRate, parity, stopBits));

export interface WireTimeOptions {
  readonly parity?: Parity;
  readonly stopBits?: StopBits;
  /** What the meter needs to answer, beyond the silence, ms. Default 0. */
  readonly turnaroundMs?: number;
  /** Least silence before the next request where the meter asks for more than 3.5 characters, ms. */
  readonly pauseMs?: number;
}

/**
 * Least time on the wire for a list of reads, ms: request, silence, answer and silence of each,
 * plus what the meter needs to answer. No master can be faster without breaking the silences.
 */
export function wireTimeMs(
  plan: readonly { readonly count: number }[],
  baudRate: number,
  { parity = "none", stopBits = 1, turnaroundMs = 0, pauseMs = 0 }: WireTimeOptions = {},
): number {
  const character = characterMs(baudRate, parity, stopBits);
  const silence = silenceMs(baudRate, parity, stopBits);
  return plan.reduce(
    (sum, { count }) =>
      sum +
      (requestLength + answerLength(count)) * character +
      silence +
      Math.max(silence, pauseMs) +
      turnaroundMs,
    0,
  );
}
