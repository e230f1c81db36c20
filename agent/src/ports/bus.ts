import { z } from "zod";

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
export const meterStatistics = z.strictObject({
  answers: z.int().describe("Sound answers with registers"),
  timeouts: z.int(),
  crcErrors: z.int().describe("Requests to which only damaged bytes came"),
  exceptions: z.int().describe("Refusals, those for being busy included"),
  lateAnswers: z.int().describe("Given up before they came, and recognised as late"),
  latencyMs: z.number().nullable().describe("How long the meter thinks, smoothed"),
  timeoutMs: z
    .number()
    .nullable()
    .describe("How long the next request waits for it; null before anything was learned"),
  sinceAnswerMs: z.number().nullable().describe("Since its last sound answer"),
});
export type MeterStatistics = Readonly<z.infer<typeof meterStatistics>>;

/** How the meters answer: the body of `GET /api/bus`. */
export const busReport = z.strictObject({
  meters: z.array(meterStatistics.extend({ place: z.string().describe("Bus and unit id") })),
});
export type BusReport = z.infer<typeof busReport>;

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
