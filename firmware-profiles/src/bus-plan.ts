import { type PlannedRead, planReads } from "./plan-reads.js";
import { withAssumedModels } from "./sunspec.js";
import type { Profile } from "./types.js";
import {
  answerCharacters,
  characterMs,
  type Line,
  requestCharacters,
  silenceMs,
} from "./wire-time.js";

export interface BusPlanOptions {
  readonly meters: readonly { readonly profile: Profile; readonly unit: number }[];
  readonly baudRate: number;
  readonly parity: "none" | "even" | "odd";
  /** Default 1. */
  readonly stopBits?: 1 | 2;
  /** From the start of one poll of a meter to the next, ms; the same for all meters of the bus. */
  readonly pollIntervalMs: number;
}

/** Time of a bus for one poll of a meter, ms. */
export interface MeterTime {
  readonly unit: number;
  readonly profile: string;
  readonly requests: number;
  readonly registers: number;
  /** Characters of requests and answers. */
  readonly wireMs: number;
  /** 3.5 characters on either side of each answer, or the pause that the meter asks for. */
  readonly silenceMs: number;
  /** What the meter needs before its answers, as its profile says. */
  readonly turnaroundMs: number;
  readonly totalMs: number;
}

export interface BusPlan {
  readonly meters: readonly MeterTime[];
  readonly totalMs: number;
  readonly pollIntervalMs: number;
  /** Share of the interval that one poll of all meters takes; above 1 it does not fit. */
  readonly utilisation: number;
  readonly fits: boolean;
  /** The arithmetic, for people. */
  readonly lines: readonly string[];
}

/** The bus's time for the reads of a meter, on a serial line. Nothing is rounded. */
export function timeOfReads(
  profile: Profile,
  reads: readonly PlannedRead[],
  line: Line,
): Omit<MeterTime, "unit" | "profile"> {
  const requests = reads.length;
  const registers = reads.reduce((sum, { count }) => sum + count, 0);
  const { turnaroundMs = 0, pauseMs = 0 } = profile.timing ?? {};
  const silence = silenceMs(line);
  const frames = requests * (requestCharacters + answerCharacters) + 2 * registers;
  const times = {
    wireMs: frames * characterMs(line),
    silenceMs: requests * (silence + Math.max(silence, pauseMs)),
    turnaroundMs: requests * turnaroundMs,
  };
  const totalMs = times.wireMs + times.silenceMs + times.turnaroundMs;
  return { requests, registers, ...times, totalMs };
}

/**
 * Whether one poll of all meters of a serial bus fits into its interval, before anything is asked:
 * characters, silences, and the turnaround and pauses that profiles declare. Waiting for a meter
 * that does not answer, repeats, and reads at start come on top.
 */
export function busPlan(options: BusPlanOptions): BusPlan {
  const { baudRate, parity, stopBits = 1, pollIntervalMs } = options;
  const meters = timesOf(options);
  const totalMs = sum(meters);
  const utilisation = totalMs / pollIntervalMs;
  const fits = totalMs <= pollIntervalMs;
  const lines = [
    ...meters.map(lineOfMeter),
    `together ${ms(totalMs)} of ${pollIntervalMs} ms: ${percent(utilisation)} at ${baudRate} Bd, parity ${parity}, ${stopBits} stop bit${stopBits === 1 ? "" : "s"}`,
    ...(fits ? [] : [`does not fit: ${wayOut(options, totalMs)}`]),
  ];
  return { meters, totalMs, pollIntervalMs, utilisation, fits, lines };
}

function timesOf({ meters, baudRate, parity, stopBits = 1 }: BusPlanOptions): MeterTime[] {
  return meters.map(({ profile, unit }) => {
    const reads = planReads(withAssumedModels(profile), { baudRate });
    const times = timeOfReads(profile, reads, { baudRate, parity, stopBits });
    return { unit, profile: profile.id, ...times };
  });
}

const sum = (meters: readonly MeterTime[]) =>
  meters.reduce((total, meter) => total + meter.totalMs, 0);

const ms = (value: number) => `${value.toFixed(1)} ms`;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function lineOfMeter(meter: MeterTime): string {
  const { unit, profile, requests, registers } = meter;
  const terms = [
    `${ms(meter.wireMs)} of characters`,
    `${ms(meter.silenceMs)} of silence`,
    `${ms(meter.turnaroundMs)} before answers`,
  ];
  const size = `${requests} request${requests === 1 ? "" : "s"}, ${registers} registers`;
  return `unit ${unit} ${profile}: ${size}: ${terms.join(" + ")} = ${ms(meter.totalMs)}`;
}

/** What would make it fit: a longer interval, or a rate that all meters have. */
function wayOut(options: BusPlanOptions, totalMs: number): string {
  const { meters, baudRate } = options;
  const longer = `poll every ${Math.ceil(totalMs)} ms or more`;
  const common = meters
    .map(({ profile: { serial } }) =>
      serial ? [serial.baudRate, ...(serial.otherBaudRates ?? [])] : [],
    )
    .reduce<number[] | undefined>(
      (all, rates) => all?.filter((rate) => rates.includes(rate)) ?? rates,
      undefined,
    );
  const faster = (common ?? [])
    .filter((rate) => rate > baudRate)
    .toSorted((a, b) => a - b)
    .find((rate) => sum(timesOf({ ...options, baudRate: rate })) <= options.pollIntervalMs);
  return faster === undefined ? longer : `${longer}, or set all meters to ${faster} Bd`;
}
