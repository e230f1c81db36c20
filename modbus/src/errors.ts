export type BusErrorCode =
  | "bus.closed"
  | "bus.crc"
  | "bus.deadline"
  | "bus.exception"
  | "bus.port-gone"
  | "bus.port-missing"
  | "bus.queue-full"
  | "bus.timeout";

/** What can go wrong on a bus. The message names port, unit, table and address. */
export class BusError extends Error {
  override readonly name = "BusError";
  readonly code: BusErrorCode;
  /** The meter's exception code (1 illegal function, 2 illegal address, 3 illegal value, 6 busy…), only with `bus.exception`. */
  readonly exceptionCode: number | undefined;
  constructor(
    code: BusErrorCode,
    message: string,
    options: { cause?: unknown; exceptionCode?: number } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.exceptionCode = options.exceptionCode;
  }
}

/** Exception codes by which a meter asks for patience: 5 acknowledge, 6 device busy. */
const patienceCodes: readonly number[] = [5, 6];

/** Whether the same request may well be answered a little later. */
export const isBusy = (exceptionCode: number): boolean => patienceCodes.includes(exceptionCode);

/** Modbus Application Protocol V1.1b3, 7. */
const exceptionNames: Readonly<Record<number, string>> = {
  1: "illegal function",
  2: "illegal data address",
  3: "illegal data value",
  4: "device failure",
  5: "acknowledge, still processing",
  6: "device busy",
  8: "memory parity error",
  10: "gateway path unavailable",
  11: "gateway target does not respond",
};

/** The code with its name, for messages: `2 (illegal data address)`. */
export function exceptionText(exceptionCode: number): string {
  const name = exceptionNames[exceptionCode];
  return name === undefined ? String(exceptionCode) : `${exceptionCode} (${name})`;
}
