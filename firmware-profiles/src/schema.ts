import { z } from "zod";
import { identityQuantities, quantities, registerUnits } from "./quantities.js";

/** Registers each type takes; ascii takes as many as it says. */
export const typeRegisters = {
  u16: 1,
  s16: 1,
  u32: 2,
  s32: 2,
  float32: 2,
  u64: 4,
  s64: 4,
  float64: 4,
} as const;

const table = z.enum(["input", "holding"]);
const type = z.enum(["u16", "s16", "u32", "s32", "u64", "s64", "float32", "float64", "ascii"]);
/** `big`: the word at the lowest address is the highest. Bytes inside a register are high first. */
const wordOrder = z.enum(["big", "little"]);
const address = z.int().min(0).max(0xffff);

const place = {
  /** 0-based protocol address, in hex or decimal as the maker prints it. */
  address,
  table: table.optional(),
  type: type.optional(),
  wordOrder: wordOrder.optional(),
  /** Registers of an ascii value. */
  length: z.int().min(1).max(32).optional(),
};

const register = z.strictObject({
  quantity: z.enum([...quantities.keys()]),
  ...place,
  /** The raw value times this is in `unit`; a power of ten, so that nothing is lost. */
  scale: z.number().positive().optional(),
  unit: z.enum([...registerUnits.keys()]),
  /** -1 where the meter's sign is the opposite of ours (+ import, − export). */
  sign: z.union([z.literal(1), z.literal(-1)]).optional(),
  /** `fast`: read at every poll. `slow`: read now and then. */
  pollClass: z.enum(["fast", "slow"]),
});

const identityRegister = z.strictObject({ quantity: z.enum(identityQuantities), ...place });

/** A meter declared as data: one YAML file per model and firmware generation. */
export const profileSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+$/, "expected maker/model in lower case"),
  maker: z.string().min(1),
  model: z.string().min(1),
  /** The firmware generation the map was written for. */
  firmware: z.string().min(1),
  /** The maker's document that the map follows. */
  source: z.strictObject({ title: z.string().min(1), url: z.url().optional() }),
  /** Whether the golden capture was taken from a meter or made by hand. */
  captures: z.enum(["hardware", "constructed"]),
  /** As the meter leaves the factory; 8 data bits. */
  serial: z.strictObject({
    baudRate: z.union(
      [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200].map((n) => z.literal(n)),
    ),
    parity: z.enum(["none", "even", "odd"]),
  }),
  /** Most registers in one request, by the maker's document. */
  maxRegisters: z.int().min(1).max(125),
  defaults: z.strictObject({ table, type, wordOrder }),
  registers: z.array(register).min(1),
  identity: z.array(identityRegister),
});

export type ProfileFile = z.infer<typeof profileSchema>;
export type Table = z.infer<typeof table>;
export type RegisterType = z.infer<typeof type>;
export type WordOrder = z.infer<typeof wordOrder>;
export type PollClass = "fast" | "slow";

/** One register with everything it inherits filled in. */
export interface Register {
  readonly quantity: string;
  readonly table: Table;
  readonly address: number;
  readonly type: RegisterType;
  readonly wordOrder: WordOrder;
  /** Registers it takes. */
  readonly length: number;
  /** The value is raw × scale × factor × sign, in the quantity's unit. */
  readonly scale: number;
  readonly factor: number;
  readonly sign: 1 | -1;
  readonly pollClass: PollClass | "identity";
}

export interface Profile extends Omit<ProfileFile, "registers" | "identity" | "defaults"> {
  /** SHA-256 of the file's bytes, lower-case hex: names the exact map a reading was made with. */
  readonly hash: string;
  readonly registers: readonly Register[];
  /** Serial number and the like; read at start and now and then. */
  readonly identity: readonly Register[];
}
