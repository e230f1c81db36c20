import { decodeRegister, encodeRegister } from "./codec.js";
import type { Profile, Register, Table } from "./schema.js";

/** Register bytes as a meter gave them: from `address` on, 2 per register. */
export interface Block {
  readonly table: Table;
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Values by quantity, each in the unit its name ends in. */
export type Values = Record<string, number | string>;

/** The register's bytes in the block, if it lies there whole. */
function bytesIn(block: Block, { table, address, length }: Register): Uint8Array | undefined {
  const from = 2 * (address - block.address);
  const to = from + 2 * length;
  if (table !== block.table || from < 0 || to > block.bytes.length) return undefined;
  return block.bytes.subarray(from, to);
}

/**
 * All values that the blocks hold, in the profile's order; of a register in several blocks the
 * last counts. Energies are whole Wh or varh. A register without a number (NaN) gives no value.
 */
export function decode(profile: Profile, blocks: readonly Block[]): Values {
  const values: Values = {};
  for (const register of [...profile.registers, ...profile.identity]) {
    for (const block of blocks) {
      const bytes = bytesIn(block, register);
      const value = bytes && decodeRegister(register, bytes);
      if (value !== undefined) values[register.quantity] = value;
    }
  }
  return values;
}

/** What the registers of a meter hold, as a simulator serves them. */
export interface RegisterImage {
  /** 2 × count bytes; undefined where the range leaves the meter's map. */
  read(table: Table, address: number, count: number): Uint8Array | undefined;
}

/**
 * The register image of a meter that measures these values. Registers without a value, and holes
 * between measured registers, read as 0.
 */
export function encode(profile: Profile, values: Readonly<Values>): RegisterImage {
  const bytesAt = new Map<string, Uint8Array>();
  for (const register of [...profile.registers, ...profile.identity]) {
    const bytes = encodeRegister(register, values[register.quantity] ?? 0);
    for (let i = 0; i < register.length; i++) {
      bytesAt.set(`${register.table} ${register.address + i}`, bytes.subarray(2 * i, 2 * i + 2));
    }
  }
  const zero = new Uint8Array(2);
  const isHole = (table: Table, address: number) =>
    profile.registers.some((other) => other.table === table && other.address < address) &&
    profile.registers.some((other) => other.table === table && other.address > address);
  return {
    read(table, address, count) {
      const bytes = new Uint8Array(2 * count);
      for (let i = 0; i < count; i++) {
        const at = address + i;
        const word = bytesAt.get(`${table} ${at}`) ?? (isHole(table, at) ? zero : undefined);
        if (!word) return undefined;
        bytes.set(word, 2 * i);
      }
      return bytes;
    },
  };
}

/** The meter's serial number as printed on it; undefined where the values hold none. */
export function serialNumberOf(values: Readonly<Values>): string | undefined {
  const serialNumber = values["serialNumber"];
  return serialNumber === undefined ? undefined : String(serialNumber);
}
