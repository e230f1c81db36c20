import type { FaultScript } from "../faults.js";
import type { Table } from "../frame.js";
import type { BusOptions } from "../register-reader.js";
import { RtuMaster } from "../rtu-master.js";
import { type RegisterBank, type RtuServer, serveRtu } from "../rtu-server.js";
import { MemoryCable } from "./memory-line.js";
import { VirtualClock } from "./virtual-clock.js";

/** What a register of a test meter holds: its own place, so that a value tells where it is from. */
export const contentOf = (unit: number, address: number, table: Table = "input"): number =>
  (address ^ (unit << 8) ^ (table === "holding" ? 0x8000 : 0)) & 0xffff;

/** A meter whose registers hold their own addresses; exception 2 from address 1000 on. */
export const addressBank =
  (unit: number): RegisterBank =>
  (table, address, count) => {
    if (address + count > 1_000) return { exceptionCode: 2 };
    const bytes = new Uint8Array(2 * count);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < count; i++) view.setUint16(2 * i, contentOf(unit, address + i, table));
    return bytes;
  };

export interface BenchBus {
  readonly clock: VirtualClock;
  readonly cable: MemoryCable;
  readonly master: RtuMaster;
  readonly meters: RtuServer;
}

interface BenchOptions extends Partial<BusOptions> {
  readonly faults?: FaultScript;
  readonly turnaroundMs?: number;
  readonly chunkMs?: number;
  /** Of meters 1 to 3. */
  readonly bankOf?: (unit: number, clock: VirtualClock) => RegisterBank;
}

/** A master and meters 1 to 3 on one cable, in virtual time. */
export async function benchBus({
  baudRate = 19_200,
  faults,
  turnaroundMs = 5,
  chunkMs = 1,
  bankOf = addressBank,
  ...bus
}: BenchOptions = {}): Promise<BenchBus> {
  const clock = new VirtualClock();
  const cable = new MemoryCable();
  const units = new Map([1, 2, 3].map((unit) => [unit, bankOf(unit, clock)]));
  const served = { baudRate, units, clock, turnaroundMs, chunkMs };
  const meters = serveRtu(cable.meters, faults ? { ...served, faults } : served);
  const wiring = { name: "bench", openLine: cable.open, clock, random: () => 0.5 };
  const master = new RtuMaster({ baudRate, ...bus }, wiring);
  await clock.until(master.start());
  return { clock, cable, master, meters };
}
