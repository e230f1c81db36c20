import type { Block, PlannedRead } from "@powershare/firmware-profiles";
import {
  answerFrame,
  BusError,
  exceptionFrame,
  type RegisterReader,
  readRequest,
} from "@powershare/modbus";

/** A request of one meter and what came of it, for a capture. */
export interface Exchange {
  readonly read: PlannedRead;
  /** RTU frames, as they were on the wire; the answer may be a refusal. */
  readonly request: Uint8Array;
  readonly answer: Uint8Array;
  readonly isRefusal: boolean;
}

/** The meter refused, or did not answer: there is nothing to decode. */
export type Attempt = Block | { readonly refused: number } | { readonly failed: BusError };

const timeoutMs = 1_000;
const tries = 2;
/** Exchanges that are kept, the first ones. */
const mostKept = 500;

/** Reads one meter and remembers: what was asked for once is not asked again. */
export class UnitReader {
  readonly unit: number;
  readonly #reader: RegisterReader;
  readonly #known = new Map<string, Attempt>();
  readonly #exchanges: Exchange[] = [];

  constructor(reader: RegisterReader, unit: number) {
    this.#reader = reader;
    this.unit = unit;
  }

  /** The same meter, with nothing remembered. */
  anew(): UnitReader {
    return new UnitReader(this.#reader, this.unit);
  }

  /** In the order of asking. */
  get exchanges(): readonly Exchange[] {
    return this.#exchanges;
  }

  /** One block. Rejects with BusError only where the port or the connection itself fails. */
  async read(read: PlannedRead): Promise<Attempt> {
    const key = `${read.table} ${read.address} ${read.count}`;
    const attempt = this.#known.get(key) ?? (await this.#ask(read));
    this.#known.set(key, attempt);
    return attempt;
  }

  /** All blocks of a plan; undefined as soon as one is not to be had. */
  async readAll(reads: readonly PlannedRead[]): Promise<Block[] | undefined> {
    const blocks: Block[] = [];
    for (const read of reads) {
      const attempt = await this.read(read);
      if (!("bytes" in attempt)) return undefined;
      blocks.push(attempt);
    }
    return blocks;
  }

  async #ask(read: PlannedRead): Promise<Attempt> {
    const { unit } = this;
    const range = { ...read, unit };
    let failed: BusError | undefined;
    for (let attempt = 0; attempt < tries; attempt++) {
      try {
        const bytes = await this.#reader.read({ ...range, timeoutMs });
        this.#keep(read, answerFrame(unit, read.table, bytes), false);
        return { table: read.table, address: read.address, bytes };
      } catch (error) {
        if (!(error instanceof BusError)) throw error;
        const { code, exceptionCode } = error;
        if (code === "bus.exception" && exceptionCode !== undefined) {
          this.#keep(read, exceptionFrame(unit, read.table, exceptionCode), true);
          return { refused: exceptionCode };
        }
        if (code !== "bus.timeout" && code !== "bus.crc") throw error;
        failed = error;
      }
    }
    return failed ? { failed } : { refused: 0 };
  }

  #keep(read: PlannedRead, answer: Uint8Array, isRefusal: boolean): void {
    if (this.#exchanges.length >= mostKept) return;
    const request = readRequest({ ...read, unit: this.unit });
    this.#exchanges.push({ read, request, answer, isRefusal });
  }
}
