import { z } from "zod";
import { toHex } from "./bytes.js";
import { clockQuality, type Reading } from "./types.js";

/** A row of an agent's table `reading`, with that of its `source`. */
export const keptReading = z.object({
  sequence: z.number(),
  meter: z.string(),
  profile: z.string(),
  boot: z.string(),
  at_ms: z.number(),
  monotonic_ms: z.number(),
  clock: clockQuality,
  registers: z.instanceof(Uint8Array),
  reason: z.string().nullable(),
  import_wh: z.number().nullable(),
  export_wh: z.number().nullable(),
});
export type KeptReading = z.infer<typeof keptReading>;

/** The reading exactly as it was, so that its leaf hash comes out the same. */
export function readingOf(row: KeptReading): Reading {
  return {
    v: 1,
    meter: row.meter,
    sequence: row.sequence,
    at: new Date(row.at_ms).toISOString(),
    monotonicMs: row.monotonic_ms,
    bootId: row.boot,
    clock: row.clock,
    profile: row.profile,
    registers: unpackRegisters(row.registers),
    quality: row.import_wh === null || row.export_wh === null ? "rejected" : "good",
    ...(row.reason === null ? {} : { reason: row.reason }),
  };
}

type Registers = Reading["registers"];
const blockHeaderBytes = 5;

/**
 * Blocks of table (1 byte: 0 input, 1 holding), address (2), length (2) and bytes, as the agent packs them.
 * @throws RangeError where one is cut short
 */
function unpackRegisters(packed: Uint8Array): Registers {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const registers: Registers = [];
  for (let offset = 0; offset < packed.length; ) {
    const start = offset + blockHeaderBytes;
    const end = start + view.getUint16(offset + 3);
    if (end > packed.length) throw new RangeError("a block of registers is cut short");
    registers.push({
      table: view.getUint8(offset) === 0 ? "input" : "holding",
      address: view.getUint16(offset + 1),
      bytes: toHex(packed.subarray(start, end)),
    });
    offset = end;
  }
  return registers;
}
