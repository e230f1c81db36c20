import type { FaultScript } from "../faults.js";
import { type BusOptions, RtuMaster } from "../rtu-master.js";
import { type RegisterBank, type RtuServer, serveRtu } from "../rtu-server.js";
import { MemoryCable } from "./memory-line.js";
import { VirtualClock } from "./virtual-clock.js";

/** What register `address` of a test meter holds: its own address, so that a value tells where it is from. */
export const contentOf = (unit: number, address: number): number =>
  (address ^ (unit << 8)) & 0xffff;

/** A meter whose registers hold their own addresses; exception 2 from address 1000 on. */
export const addressBank =
  (unit: number): RegisterBank =>
  (_table, address, count) => {
    if (address + count > 1_000) return { exceptionCode: 2 };
    const bytes = new Uint8Array(2 * count);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < count; i++) view.setUint16(2 * i, contentOf(unit, address + i));
    return bytes;
  };

export interface BenchBus {
  readonly clock: VirtualClock;
  readonly cable: MemoryCable;
  readonly master: RtuMaster;
  readonly meters: RtuServer;
}

/** A master and meters 1 and 2 on one cable, in virtual time. */
export async function benchBus({
  baudRate = 19_200,
  faults,
  turnaroundMs = 5,
  ...bus
}: Partial<BusOptions> & { faults?: FaultScript; turnaroundMs?: number } = {}): Promise<BenchBus> {
  const clock = new VirtualClock();
  const cable = new MemoryCable();
  const units = new Map([1, 2].map((unit) => [unit, addressBank(unit)]));
  const script = faults ? { faults } : {};
  const meters = serveRtu(cable.meters, { baudRate, units, clock, turnaroundMs, ...script });
  const wiring = { name: "bench", openLine: cable.open, clock, random: () => 0.5 };
  const master = new RtuMaster({ baudRate, ...bus }, wiring);
  await clock.until(master.start());
  return { clock, cable, master, meters };
}
