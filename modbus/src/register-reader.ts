import type { RegisterRange } from "./frame.js";
import type { LineState } from "./line.js";
import type { MeterStatistics } from "./meter-watch.js";
import type { Parity, StopBits } from "./timing.js";

export interface ReadRequest extends RegisterRange {
  /**
   * How long the meter may think before it answers, ms; time on the wire is added. Default 500.
   * A meter that was quicker so far is given up earlier, see MeterStatistics.timeoutMs.
   */
  readonly timeoutMs?: number;
  /** How long the call may take in all, waiting for its turn included, ms. Default 10000. */
  readonly deadlineMs?: number;
  /** So long must the bus have been silent before the request is sent, ms: nothing old is on its way then. Default 0. */
  readonly quietMs?: number;
}

/** Reads registers of meters, over whatever carries Modbus. */
export interface RegisterReader {
  /** The 2 × count register bytes, high byte first. Rejects with BusError. */
  read(request: ReadRequest): Promise<Uint8Array>;
  /** What was seen of the meter with this unit id. */
  statistics(unit: number): MeterStatistics;
  close(): Promise<void>;
}

/** What a meter's maker asks of the bus. */
export interface MeterTiming {
  /** Least silence before the next request where 3.5 characters are not enough, ms. */
  readonly pauseMs?: number | undefined;
  /** What the meter usually needs to answer, ms. */
  readonly turnaroundMs?: number | undefined;
}

export interface ReaderOptions {
  /** Most requests that may wait for their turn. Default 64. */
  readonly maxQueued?: number;
  /** By unit id, where a meter wants more than the standard asks for. */
  readonly meters?: ReadonlyMap<number, MeterTiming>;
  /** Told when the port opens, cannot be opened, or vanishes. */
  readonly onPort?: (state: LineState) => void;
}

export interface BusOptions extends ReaderOptions {
  readonly baudRate: number;
  readonly parity?: Parity;
  readonly stopBits?: StopBits;
  /**
   * Longest time after which a meter may still answer, ms: so long does a request wait that could
   * take the late answer for its own. Grows with what is seen of each meter. Default 1000.
   */
  readonly longestAnswerMs?: number;
}
