import { z } from "zod";
import { nearest } from "./nearest.js";
import { identityQuantities, quantities, registerUnits } from "./quantities.js";

const table = z.enum(["input", "holding"]);
/** `u32-u32`: of two numbers that follow each other, the first less the second. */
const numberType = z.enum([
  "u16",
  "s16",
  "u32",
  "s32",
  "u64",
  "s64",
  "u32-u32",
  "float32",
  "float64",
]);
const type = z.enum([...numberType.options, "ascii"]);
/** `big`: the word at the lowest address is the highest. Bytes inside a register are high first. */
const wordOrder = z.enum(["big", "little"]);
const address = z.int().min(0).max(0xffff);
const baudRate = z.union(
  [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200].map((n) => z.literal(n)),
);
const parity = z.enum(["none", "even", "odd"]);

/** A raw value with all its bits, signed or not: 0x8000, -32768; beyond 2^53 as text "0x8000…". */
const rawValue = z.union([
  z.int(),
  z.string().regex(/^(?:0x[0-9a-fA-F]{1,16}|-?\d{1,20})$/, "expected a whole number"),
]);
/** Raw values that mean "not measured". */
const notAvailable = z.union([rawValue, z.array(rawValue).min(1)]);

const place = {
  /** 0-based protocol address, in hex or decimal as the maker prints it. SunSpec: offset from the model's ID. */
  address,
  table: table.optional(),
  type: type.optional(),
  wordOrder: wordOrder.optional(),
  /** Registers of an ascii value. */
  length: z.int().min(1).max(32).optional(),
  notAvailable: notAvailable.optional(),
};

/** One of these names; the message has those near to what was written. */
const oneOf = <const T extends string>(names: readonly T[]) =>
  z.enum(names, {
    error: ({ input }) =>
      typeof input === "string"
        ? `there is no ${JSON.stringify(input.slice(0, 40))}; near it: ${nearest(input.slice(0, 40), names).join(", ")}`
        : undefined,
  });

const register = z.strictObject({
  quantity: oneOf([...quantities.keys()]),
  ...place,
  /** The raw value times this is in `unit`; a power of ten, so that nothing is lost. */
  scale: z.number().positive().optional(),
  unit: oneOf([...registerUnits.keys()]),
  /** -1 where the meter's sign is the opposite of ours (+ import, − export). */
  sign: z.union([z.literal(1), z.literal(-1)]).optional(),
  /** Addresses of registers of the same kind that are added: where a meter counts by tariff only. */
  plus: z.array(address).min(1).optional(),
  /** Names from `factors`; the value is multiplied by each of them. */
  factors: z.array(z.string()).min(1).optional(),
  /** Of energies: the count in `unit`, after factors, at which it begins again at 0; itself never shown. */
  rollsOverAt: z.number().positive().optional(),
  /** The maker's or our OBIS code C.D.E, checked against the quantity's. */
  obis: z
    .string()
    .regex(/^\d{1,3}\.\d{1,3}\.\d{1,3}$/)
    .optional(),
  /** Of energies: false where the register may fall, as a net count does. */
  monotonic: z.boolean().optional(),
  /** `fast`: read at every poll. `slow`: read now and then. */
  pollClass: z.enum(["fast", "slow"]),
});

const identityRegister = z.strictObject({
  quantity: oneOf(identityQuantities),
  ...place,
  /** `hex`: the digits on the meter are the register's in hexadecimal (also BCD). Default decimal. */
  format: z.enum(["decimal", "hex"]).optional(),
  /** A meter of this profile says one of these; any other is another meter. */
  expect: z
    .array(z.union([z.number(), z.string()]))
    .min(1)
    .optional(),
});

const factor = z.strictObject({
  /** By which registers name it. */
  name: z.string().regex(/^[a-z][A-Za-z0-9]*$/, "expected camelCase"),
  address,
  table: table.optional(),
  type: numberType.optional(),
  wordOrder: wordOrder.optional(),
  notAvailable: notAvailable.optional(),
  /** The raw value times this is the number meant; a power of ten. */
  scale: z.number().positive().optional(),
  /** With n the number meant: × n, × 10^n, × 10^-n, or × what `choices` has for n. */
  as: z.enum(["multiplier", "exponent", "decimals", "choice"]),
  /** Factor by number meant. */
  choices: z.record(z.string().regex(/^\d+$/), z.number().positive()).optional(),
});

/** Addresses from one to another, both included. */
const range = z.strictObject({ table: table.optional(), from: address, through: address });

/** A meter declared as data: one YAML file per model and firmware generation. */
export const profileSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+$/, "expected maker/model in lower case"),
  maker: z.string().min(1),
  model: z.string().min(1),
  /** The firmware generation the map was written for. */
  firmware: z.string().min(1),
  /** The document that the map follows. */
  source: z.strictObject({ title: z.string().min(1), url: z.url().optional() }),
  /** Whether the golden capture was taken from a meter or made by hand. */
  captures: z.enum(["hardware", "constructed"]),
  /** As the meter leaves the factory, and what else it can be set to; 8 data bits. */
  serial: z
    .strictObject({
      baudRate,
      parity,
      stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
      otherBaudRates: z.array(baudRate).optional(),
      otherParities: z.array(parity).optional(),
    })
    .optional(),
  /** Modbus TCP, where the meter has it. */
  tcp: z.strictObject({ port: z.int().min(1).max(65535) }).optional(),
  /** Unit id as the meter leaves the factory. */
  unit: z.int().min(0).max(255).default(1),
  /** Most registers in one request, by the maker's document. */
  maxRegisters: z.int().min(1).max(125),
  /** Whether a request may span addresses that the map does not declare. */
  gaps: z.enum(["readable", "refused"]).default("refused"),
  /** `apart` where the meter's own limits keep import and export from coming in one answer. */
  importExport: z.enum(["together", "apart"]).default("together"),
  timing: z
    .strictObject({
      /** From the end of a request to the start of its answer, ms. */
      turnaroundMs: z.number().min(0).max(5000).optional(),
      /** Least silence before a request, ms, where the maker asks for more than 3.5 characters. */
      pauseMs: z.number().min(0).max(5000).optional(),
      /** How long the energy registers stand still between two writes, ms; 1000 where nothing is said. */
      refreshMs: z.int().min(0).max(900_000).optional(),
    })
    .optional(),
  /** Where SunSpec models are looked for, which of them fit, and how many registers follow a header. */
  sunspec: z
    .strictObject({
      bases: z.array(address).min(1).max(8),
      models: z.array(z.int().min(2).max(0xfffe)).min(1).max(16),
      length: z.int().min(1).max(0xfff),
    })
    .optional(),
  defaults: z.strictObject({
    table,
    type,
    wordOrder,
    notAvailable: z.partialRecord(numberType, notAvailable).optional(),
  }),
  factors: z.array(factor).optional(),
  /** Addresses that the meter has and the map does not read: a request may span them, too. */
  unread: z.array(range).optional(),
  /** Addresses that the meter gives only all at once. */
  whole: z.array(range).optional(),
  registers: z.array(register).min(1),
  identity: z.array(identityRegister),
});

export type ProfileFile = z.output<typeof profileSchema>;
export type Table = z.infer<typeof table>;
export type NumberType = z.infer<typeof numberType>;
export type RegisterType = z.infer<typeof type>;
export type WordOrder = z.infer<typeof wordOrder>;
export type RawValue = z.infer<typeof rawValue>;
