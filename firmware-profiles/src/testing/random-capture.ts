import type { Values } from "../decode.js";
import { encode } from "../encode.js";
import { planReads } from "../plan-reads.js";
import { resolveProfile, shiftsOf } from "../sunspec.js";
import type { Block, Profile } from "../types.js";

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Blocks of a whole reading in which every measured register holds random bytes; factors, identity
 * and SunSpec headers are those of a meter that measures `values`.
 */
export async function randomBlocks(
  profile: Profile,
  values: Readonly<Values>,
  random: () => number,
): Promise<Block[]> {
  const image = encode(profile, values);
  const read = (table: "input" | "holding", address: number, count: number) =>
    image.read(table, address, count) ?? new Uint8Array();
  const live = await resolveProfile(profile, async (...asked) => read(...asked));
  const { model } = shiftsOf(live);
  const plan = planReads(live, { pollClasses: ["fast", "slow", "identity"] });
  return plan.map(({ table, address, count }) => {
    const bytes = Uint8Array.from(read(table, address, count));
    for (const register of profile.registers.flatMap((it) => [it, ...it.plus])) {
      const from = 2 * (register.address + model - address);
      if (register.table !== table || from < 0 || from >= bytes.length) continue;
      for (let i = 0; i < 2 * register.length; i++) bytes[from + i] = Math.floor(256 * random());
    }
    return { table, address, bytes };
  });
}

/** CRC-16/MODBUS by division, low byte first: not the code that checks captures. */
function crcOf(frame: readonly number[]): number[] {
  let remainder = 0xffff;
  for (const byte of frame) {
    remainder ^= byte;
    for (let n = 0; n < 8; n++) {
      const isOdd = remainder % 2 === 1;
      remainder = Math.floor(remainder / 2);
      if (isOdd) remainder ^= 0xa001;
    }
  }
  return [remainder % 256, Math.floor(remainder / 256)];
}

/** The blocks as an RTU capture. */
export function captureOf(blocks: readonly Block[]): string {
  const line = (mark: string, frame: readonly number[]) =>
    `${mark} ${Buffer.from([...frame, ...crcOf(frame)]).toString("hex")}`;
  const pair = (value: number) => [value >> 8, value & 0xff];
  return blocks
    .flatMap(({ table, address, bytes }) => {
      const code = table === "holding" ? 3 : 4;
      return [
        line(">", [1, code, ...pair(address), ...pair(bytes.length / 2)]),
        line("<", [1, code, bytes.length, ...bytes]),
      ];
    })
    .join("\n");
}
