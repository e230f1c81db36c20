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
