import type { Block, Profile } from "@powershare/firmware-profiles";
import type { Table } from "@powershare/modbus";
import { frequencyRangeHz, voltageRangeV } from "./physics.js";
import type { FoundMeter } from "./scan.js";
import type { UnitReader } from "./unit-reader.js";

const longBlock = 20;
const counts = [longBlock, 2, 1] as const;
const mostExchanges = 400;
const mostBlocks = 60;
/** Words shown of a block in a comment. */
const shownWords = 8;

/** Reads where other meters have registers, and from 0 on; gives what this meter does not refuse. */
export async function findReadable(
  reader: UnitReader,
  profiles: readonly Profile[],
  stop: AbortSignal,
): Promise<Block[]> {
  const places = (["input", "holding"] as const).flatMap((table) =>
    placesOf(profiles, table).map((address) => ({ table, address })),
  );
  const blocks: Block[] = [];
  for (const { table, address } of places) {
    if (stop.aborted || reader.exchanges.length >= mostExchanges) break;
    if (!isIn(blocks.at(-1), table, address))
      blocks.push(...(await longestAt(reader, table, address)));
  }
  return blocks.slice(0, mostBlocks);
}

const isIn = (block: Block | undefined, table: Table, address: number): boolean =>
  block?.table === table && address < block.address + block.bytes.length / 2;

async function longestAt(reader: UnitReader, table: Table, address: number): Promise<[] | [Block]> {
  for (const count of counts.filter((each) => address + each <= 0x10000)) {
    const attempt = await reader.read({ table, address, count });
    if ("bytes" in attempt) return [attempt];
  }
  return [];
}

/** Addresses of one table at which some meter has a value, and the first hundred; rising. */
function placesOf(profiles: readonly Profile[], table: Table): number[] {
  const declared = profiles
    .filter(({ sunspec }) => !sunspec)
    .flatMap(({ registers, identity }) => [...registers, ...identity])
    .filter((register) => register.table === table)
    .map(({ address }) => address);
  const first = Array.from({ length: 5 }, (_, index) => index * longBlock);
  return [...new Set([...first, ...declared])].toSorted((a, b) => a - b);
}

interface Guess {
  readonly quantity: string;
  readonly unit: string;
  readonly table: Table;
  readonly address: number;
  readonly type: string;
  readonly wordOrder: "big" | "little";
  readonly scale: number;
  readonly value: number;
}

interface Reading {
  readonly type: string;
  readonly wordOrder: "big" | "little";
  readonly words: number;
  readonly of: (view: DataView) => number;
}

const readings: readonly Reading[] = [
  { type: "float32", wordOrder: "big", words: 2, of: (view) => view.getFloat32(0) },
  { type: "float32", wordOrder: "little", words: 2, of: (view) => swapped(view).getFloat32(0) },
  { type: "u32", wordOrder: "big", words: 2, of: (view) => view.getUint32(0) },
  { type: "u32", wordOrder: "little", words: 2, of: (view) => swapped(view).getUint32(0) },
  { type: "u16", wordOrder: "big", words: 1, of: (view) => view.getUint16(0) },
];
const scales = [1, 0.1, 0.01, 0.001] as const;

function swapped(view: DataView): DataView {
  const other = new DataView(new ArrayBuffer(4));
  other.setUint16(0, view.getUint16(2));
  other.setUint16(2, view.getUint16(0));
  return other;
}

/** The first place at which something reads like this quantity; no more than a hint for a person. */
function guess(
  blocks: readonly Block[],
  { quantity, unit, low, high }: { quantity: string; unit: string; low: number; high: number },
): Guess | undefined {
  for (const { table, address, bytes } of blocks) {
    for (let word = 0; 2 * word < bytes.length; word++) {
      for (const { type, wordOrder, words, of } of readings) {
        if (2 * (word + words) > bytes.length) continue;
        const view = new DataView(bytes.buffer, bytes.byteOffset + 2 * word, 2 * words);
        const raw = of(view);
        const scale = scales.find((each) => raw * each >= low && raw * each <= high);
        // A float is in its unit; an integer that fits without a scale is as likely anything else.
        if (scale === undefined || (type === "float32") !== (scale === 1)) continue;
        const value = Number((raw * scale).toPrecision(6));
        return { quantity, unit, table, address: address + word, type, wordOrder, scale, value };
      }
    }
  }
  return undefined;
}

const hexAddress = (address: number) => `0x${address.toString(16).toUpperCase().padStart(4, "0")}`;

/** A profile in the schema's syntax for a person to complete; what is known only to the maker is marked TODO. */
export function draftOfUnknown(
  { setting, unit }: Pick<FoundMeter, "setting" | "unit">,
  blocks: readonly Block[],
  at: Date,
): string {
  const [first] = blocks;
  const found = [
    guess(blocks, { quantity: "voltageL1V", unit: "V", ...voltageRangeV }),
    guess(blocks, { quantity: "frequencyHz", unit: "Hz", ...frequencyRangeHz }),
  ].filter((each) => each !== undefined);
  const registers = found.map(
    ({ quantity, unit: of, table, address, type, wordOrder, scale, value }) =>
      `  # TODO: a guess, it reads ${value} ${of}.\n  - { quantity: ${quantity}, table: ${table}, address: ${hexAddress(address)}, type: ${type}, wordOrder: ${wordOrder}, scale: ${scale}, unit: ${of}, pollClass: fast }`,
  );
  const placeholder = `  # TODO: nothing was recognised.\n  - { quantity: voltageL1V, table: ${first?.table ?? "input"}, address: ${hexAddress(first?.address ?? 0)}, unit: V, pollClass: fast }`;
  const line = setting
    ? `serial: { baudRate: ${setting.baudRate}, parity: ${setting.parity} }`
    : "tcp: { port: 502 }";
  return [
    "# TODO: name maker, model and firmware, and the maker's document; then complete the map from it.",
    "id: todo/unknown",
    "maker: TODO",
    "model: TODO",
    "firmware: TODO",
    "source:",
    `  title: "TODO: the maker's document; so far read from a meter on ${at.toISOString().slice(0, 10)}"`,
    "captures: hardware",
    "# TODO: is this how the meter leaves the factory?",
    line,
    `unit: ${unit}`,
    `maxRegisters: ${Math.max(2, ...blocks.map(({ bytes }) => bytes.length / 2))}`,
    "gaps: refused",
    `defaults: { table: ${first?.table ?? "input"}, type: float32, wordOrder: big }`,
    "# Readable, in words:",
    ...blocks.map(({ table, address, bytes }) => {
      const words = Buffer.from(bytes).toString("hex").match(/.{4}/g) ?? [];
      const rest = words.length > shownWords ? " …" : "";
      return `#   ${table} ${hexAddress(address)}, ${words.length} registers: ${words.slice(0, shownWords).join(" ")}${rest}`;
    }),
    "registers:",
    ...(registers.length > 0 ? registers : [placeholder]),
    "# TODO: where is the serial number, and by what can the model be told?",
    "identity: []",
    "",
  ].join("\n");
}
