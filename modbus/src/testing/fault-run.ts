import type { FaultScript } from "../faults.js";
import type { RegisterRange } from "../frame.js";
import { serveRtu } from "../rtu-server.js";
import { benchBus } from "./bench-bus.js";
import { faultCases, poll, seeded } from "./fault-cases.js";
import { MemoryCable } from "./memory-line.js";
import { NaiveMaster } from "./naive-master.js";
import { judge, newTally, type Tally, tellingBank } from "./telling-bank.js";
import { VirtualClock } from "./virtual-clock.js";

const timeoutMs = 200;
const baudRate = 38_400;
/** Virtual time between the polls. */
const restMs = 100;

export interface FaultRun {
  readonly faults: FaultScript;
  readonly polls: number;
}

export interface Outcome extends Tally {
  readonly exchanges: number;
  readonly gapViolations: number;
}

type Read = (asked: RegisterRange) => Promise<Uint8Array>;

async function pollAll(clock: VirtualClock, read: Read, polls: number): Promise<Tally> {
  const tally = newTally();
  for (let n = 0; n < polls; n++) {
    for (const asked of poll) {
      const sentMs = clock.now();
      const bytes = await clock.until(read(asked)).catch(() => undefined);
      if (bytes) judge(tally, asked, bytes, sentMs);
      else tally.errors++;
    }
    await clock.advance(restMs);
  }
  return tally;
}

/** Polls two meters through the faults with the master, in virtual time. */
export async function runMaster({ faults, polls }: FaultRun): Promise<Outcome> {
  const { clock, master, meters } = await benchBus({ baudRate, faults, bankOf: tellingBank });
  const tally = await pollAll(clock, (asked) => master.read({ ...asked, timeoutMs }), polls);
  const { requests, gapViolations } = meters.counts();
  await master.close();
  return { ...tally, exchanges: requests, gapViolations };
}

/** The port vanishes in the middle of an answer, and is back 1.5 s later. */
export async function runUnplugged(
  position: number,
  polls: number,
): Promise<Tally & { readonly isBack: boolean }> {
  let cable: MemoryCable | undefined;
  const { clock, master, ...bench } = await benchBus({
    baudRate,
    bankOf: tellingBank,
    faults: ({ index }) => {
      if (index === position) {
        clock.after(15, () => cable?.unplug());
        clock.after(1_515, () => cable?.plugIn());
      }
      return undefined;
    },
  });
  cable = bench.cable;
  const read = (asked: RegisterRange) => master.read({ ...asked, timeoutMs });
  const tally = await pollAll(clock, read, polls);
  await clock.advance(8_000);
  const after = await pollAll(clock, read, 1);
  await master.close();
  return { ...tally, isBack: after.errors === 0 && after.wrong === 0 && after.old === 0 };
}

/** As runMaster, with a master that takes whatever comes. */
export async function runNaive({ faults, polls }: FaultRun): Promise<Outcome> {
  const clock = new VirtualClock();
  const cable = new MemoryCable();
  const units = new Map([1, 2, 3].map((unit) => [unit, tellingBank(unit, clock)]));
  const meters = serveRtu(cable.meters, {
    baudRate: 19_200,
    units,
    clock,
    turnaroundMs: 5,
    faults,
  });
  const naive = new NaiveMaster(await cable.open(), clock, timeoutMs + 60);
  const tally = await pollAll(clock, (asked) => naive.read(asked), polls);
  const { requests, gapViolations } = meters.counts();
  return { ...tally, exchanges: requests, gapViolations };
}

/** Half of all answers, or the share given, have a fault of any kind; the seed replays them. */
export function mixedFaults(seed: number, share = 0.5): FaultScript {
  const random = seeded(seed);
  return () => {
    if (random() >= share) return undefined;
    return faultCases[Math.floor(random() * faultCases.length)]?.draw(random);
  };
}
