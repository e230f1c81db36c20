export interface BusRead {
  readonly unit: number;
  readonly table: "input" | "holding";
  readonly address: number;
  /** Registers of 16 bits. */
  readonly count: number;
  readonly timeoutMs: number;
}

/** One line with meters. Opens its port when first used and again after it vanished. */
export interface Bus {
  /**
   * @returns 2 × count bytes as they came
   * @throws an error with a `code` bus.*
   */
  read(request: BusRead): Promise<Uint8Array>;
  close(): Promise<void>;
}
