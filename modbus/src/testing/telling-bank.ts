import type { RegisterRange } from "../frame.js";
import type { RegisterBank } from "../rtu-server.js";
import { contentOf } from "./bench-bus.js";

const tickMs = 4;
/** Every so many registers one tells when it was read instead of where. */
const everyTick = 9;

const tellsTime = (address: number): boolean => address % everyTick === 4;

/** A meter whose registers tell where they are from, and some of them when they were read. */
export const tellingBank =
  (unit: number, clock: { now(): number }): RegisterBank =>
  (table, address, count) => {
    const bytes = new Uint8Array(2 * count);
    const view = new DataView(bytes.buffer);
    const tick = Math.floor(clock.now() / tickMs) & 0xffff;
    for (let i = 0; i < count; i++) {
      const value = tellsTime(address + i) ? tick : contentOf(unit, address + i, table);
      view.setUint16(2 * i, value);
    }
    return bytes;
  };

/** Judges what a master returned: registers from elsewhere are wrong, those read before the request was sent are old. */
export interface Tally {
  answers: number;
  wrong: number;
  old: number;
  errors: number;
}

export const newTally = (): Tally => ({ answers: 0, wrong: 0, old: 0, errors: 0 });

export function judge(tally: Tally, asked: RegisterRange, bytes: Uint8Array, sentMs: number): void {
  tally.answers++;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let isWrong = bytes.length !== 2 * asked.count;
  let isOld = false;
  for (let i = 0; 2 * i + 1 < bytes.length; i++) {
    const value = view.getUint16(2 * i);
    const address = asked.address + i;
    if (!tellsTime(address)) isWrong ||= value !== contentOf(asked.unit, address, asked.table);
    else isOld ||= ((value - Math.floor(sentMs / tickMs)) & 0xffff) >= 0x8000;
  }
  if (isWrong) tally.wrong++;
  else if (isOld) tally.old++;
}
