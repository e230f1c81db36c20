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
/** Some meters keep silent on what they do not have, instead of refusing: then less is waited for. */
const usualSilences = 2;
const shortTimeoutMs = 400;
/** Exchanges that are kept, the first ones. */
const mostKept = 500;

/** Reads one meter and remembers: what was asked for once is not asked again. */
export class UnitReader {
  readonly unit: number;
  readonly #reader: RegisterReader;
  readonly #known = new Map<string, Attempt>();
  readonly #exchanges: Exchange[] = [];
  /** Requests in a row that nothing came of. */
  #silences = 0;

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

  /** Whether this was asked for already. */
  knows(read: PlannedRead): boolean {
    return this.#known.has(keyOf(read));
  }

  /** One block. Rejects with BusError only where the port or the connection itself fails. */
  async read(read: PlannedRead): Promise<Attempt> {
    const key = keyOf(read);
    const attempt = this.#known.get(key) ?? this.#within(read) ?? (await this.#ask(read));
    this.#known.set(key, attempt);
    this.#silences = "failed" in attempt ? this.#silences + 1 : 0;
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

  /** From a longer block that was read. A register alone may be another than as part of one. */
  #within({ table, address, count }: PlannedRead): Block | undefined {
    if (count === 1) return undefined;
    for (const block of this.#known.values()) {
      if (!("bytes" in block) || block.table !== table) continue;
      const from = 2 * (address - block.address);
      const bytes =
        from < 0 ? block.bytes.subarray(0, 0) : block.bytes.slice(from, from + 2 * count);
      if (bytes.length === 2 * count) return { table, address, bytes };
    }
    return undefined;
  }

  async #ask(read: PlannedRead): Promise<Attempt> {
    const isSilent = this.#silences > usualSilences;
    const first = await this.#askOnce(read, isSilent ? shortTimeoutMs : timeoutMs);
    return "failed" in first && !isSilent ? await this.#askOnce(read, timeoutMs) : first;
  }

  async #askOnce(read: PlannedRead, waitMs: number): Promise<Attempt> {
    const { unit } = this;
    try {
      const bytes = await this.#reader.read({ ...read, unit, timeoutMs: waitMs });
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
      return { failed: error };
    }
  }

  #keep(read: PlannedRead, answer: Uint8Array, isRefusal: boolean): void {
    if (this.#exchanges.length >= mostKept) return;
    const request = readRequest({ ...read, unit: this.unit });
    this.#exchanges.push({ read, request, answer, isRefusal });
  }
}

const keyOf = ({ table, address, count }: PlannedRead): string => `${table} ${address} ${count}`;
