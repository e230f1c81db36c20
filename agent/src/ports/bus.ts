export interface BusRead {
  readonly unit: number;
  readonly table: "input" | "holding";
  readonly address: number;
  /** Registers of 16 bits. */
  readonly count: number;
  /** Most that is waited for the answer; less where the meter was quicker so far. */
  readonly timeoutMs: number;
  /** So long must the bus have been silent before it is asked, ms: nothing old is on its way then. */
  readonly quietMs?: number;
}

/** What a bus has seen of one meter since it was opened. */
export interface MeterStatistics {
  /** Sound answers with registers. */
  readonly answers: number;
  readonly timeouts: number;
  /** Requests to which only damaged bytes came. */
  readonly crcErrors: number;
  readonly exceptions: number;
  /** Answers that came after they were given up, and were recognised as late. */
  readonly lateAnswers: number;
  /** How long the meter thinks before it answers, smoothed, ms; null before its first answer. */
  readonly latencyMs: number | null;
  /** How long the next request waits for it, ms; null before its first answer: as configured. */
  readonly timeoutMs: number | null;
  /** Since its last sound answer, ms; null before the first. */
  readonly sinceAnswerMs: number | null;
}

/** One line with meters. Opens its port when first used and again after it vanished. */
export interface Bus {
  /**
   * @returns 2 × count bytes as they came
   * @throws an error with a `code` bus.*
   */
  read(request: BusRead): Promise<Uint8Array>;
  /** What was seen of the meter with this unit id. */
  statistics(unit: number): MeterStatistics;
  /** The meters that belong here answer: the adapter is followed wherever it is plugged in. */
  confirmPort(): void;
  /** Other meters, or none, answer. @returns whether another port is opened instead, where there is one */
  leavePort(): boolean;
  close(): Promise<void>;
}
