import type { NumberType, ProfileFile, RegisterType, Table, WordOrder } from "./schema.js";

export type PollClass = "fast" | "slow";

/** Addresses in a meter's map. */
export interface Place {
  readonly table: Table;
  /** SunSpec: from the model's ID register on. */
  readonly address: number;
  /** Registers it takes. */
  readonly length: number;
}

/** Register bytes as a meter gave them: from `address` on, 2 per register. */
export interface Block {
  readonly table: Table;
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** How the bytes of a place are read. */
export interface Coding extends Place {
  readonly type: RegisterType;
  readonly wordOrder: WordOrder;
  /** Raw bytes, highest word first, lower-case hex, that mean "not measured". */
  readonly notAvailable: readonly string[];
}

/** A register by which values of others are multiplied: scale, decimal point, CT or PT ratio. */
export interface Factor extends Coding {
  readonly name: string;
  readonly type: NumberType;
  readonly scale: number;
  readonly as: "multiplier" | "exponent" | "decimals" | "choice";
  /** Factor by number meant; of `choice` only. */
  readonly choices: Readonly<Record<string, number>>;
}

/** One register with everything it inherits filled in. */
export interface Register extends Coding {
  readonly quantity: string;
  /** The value is raw × scale × factor × sign × all of `factors`, in the quantity's unit. */
  readonly scale: number;
  readonly factor: number;
  readonly sign: 1 | -1;
  readonly factors: readonly Factor[];
  /** Where else a part of the value is, coded the same. */
  readonly plus: readonly Place[];
  /** Identity: how a number is printed on the meter. */
  readonly format: "decimal" | "hex";
  /** Identity: what a meter of this profile says; empty where anything. */
  readonly expect: readonly (number | string)[];
  /** Energies: whole Wh or varh at which the count begins again at 0; undefined where it is not known to. */
  readonly rollsOverAtWh: number | undefined;
  /** Whether the count never falls but by rollover or reset. */
  readonly isMonotonic: boolean;
  readonly pollClass: PollClass | "identity";
}

/** Where a live meter has its SunSpec models. */
export interface FoundModels {
  /** Address of the common model's ID register (model 1). */
  readonly commonAddress: number;
  readonly model: number;
  /** Address of the measuring model's ID register. */
  readonly address: number;
}

export interface SunspecMap {
  readonly bases: readonly number[];
  readonly models: readonly number[];
  /** Registers after the header of the measuring model. */
  readonly length: number;
  /** Filled in by resolveProfile. */
  readonly found?: FoundModels;
}

export interface Profile
  extends Omit<
    ProfileFile,
    "registers" | "identity" | "factors" | "unread" | "whole" | "defaults" | "sunspec"
  > {
  /** SHA-256 of the file's bytes, lower-case hex: names the exact map a reading was made with. */
  readonly hash: string;
  readonly registers: readonly Register[];
  /** Serial number and the like; read at start and now and then. */
  readonly identity: readonly Register[];
  readonly factors: readonly Factor[];
  /** What else the meter has. */
  readonly unread: readonly Place[];
  /** What the meter gives only all at once. */
  readonly whole: readonly Place[];
  /** Whole Wh or varh, by energy quantity, at which its count begins again at 0; only those known to. */
  readonly rollsOverAtWh: Readonly<Record<string, number>>;
  readonly sunspec?: SunspecMap | undefined;
}
