import type { Profile } from "./types.js";

/** Characters of an RTU request, and of an answer beyond its registers' own bytes (unit, function, count, CRC). */
export const requestCharacters = 8;
export const answerCharacters = 5;

export interface Line {
  readonly baudRate: number;
  readonly parity: "none" | "even" | "odd";
  readonly stopBits: 1 | 2;
}

/** Time of one character: start bit, 8 data bits, parity, stop bits. */
export const characterMs = ({ baudRate, parity, stopBits }: Line): number =>
  ((9 + (parity === "none" ? 0 : 1) + stopBits) * 1000) / baudRate;

/** Silence between frames: 3.5 characters, above 19200 Bd 1.75 ms (Modbus over Serial Line V1.02, 2.5.1.1). */
export const silenceMs = (line: Line): number =>
  line.baudRate > 19_200 ? 1.75 : 3.5 * characterMs(line);

/** The line as the meter leaves the factory, with another baud rate where one is given. */
export function lineOf({ serial }: Profile, baudRate?: number): Line {
  const { parity = "none", stopBits = 1 } = serial ?? {};
  return { baudRate: baudRate ?? serial?.baudRate ?? 9_600, parity, stopBits };
}

interface CostOptions {
  readonly baudRate?: number;
  readonly turnaroundMs?: number;
}

/**
 * What a further request costs, in registers: frames, silences and the meter's turnaround. Over TCP
 * alone it is a round trip, dearer than any hole.
 */
export function requestCostRegisters(profile: Profile, options: CostOptions): number {
  if (!profile.serial) return 125;
  const line = lineOf(profile, options.baudRate);
  const { turnaroundMs = 0, pauseMs = 0 } = profile.timing ?? {};
  const silence = silenceMs(line);
  const waitMs = silence + Math.max(silence, pauseMs) + (options.turnaroundMs ?? turnaroundMs);
  return (requestCharacters + answerCharacters + waitMs / characterMs(line)) / 2;
}
