import { systemClock } from "../clock.js";
import { openRtuMaster } from "../open-rtu-master.js";
import { type RtuServer, serveRtu } from "../rtu-server.js";
import { type FaultCase, poll, type Random } from "./fault-cases.js";
import { PtyLine } from "./pty.js";
import { judge, newTally, type Tally, tellingBank } from "./telling-bank.js";

const baudRate = 38_400;

/** Polls two meters on a pseudo-terminal until so many faults of this kind were met, one in each poll, at each request in turn. */
export async function runOnPty(
  { draw }: FaultCase,
  wanted: number,
  random: Random,
): Promise<Tally & { readonly faults: number }> {
  const units = new Map([1, 2, 3].map((unit) => [unit, tellingBank(unit, systemClock)]));
  let faulty = -1;
  let faults = 0;
  let asked = 0;
  let server: RtuServer | undefined;
  const line = await PtyLine.open((stream) => {
    server = serveRtu(stream, {
      baudRate,
      units,
      turnaroundMs: 2,
      faults: () => {
        if (asked !== faulty) return undefined;
        faulty = -1;
        faults++;
        return draw(random);
      },
    });
  });
  const master = await openRtuMaster({ path: line.path, baudRate });
  const tally = newTally();
  try {
    // A request that the machine's own load spoils meets no fault.
    for (let n = 0; faults < wanted && n < 2 * wanted; n++) {
      faulty = faults % poll.length;
      for (asked = 0; asked < poll.length; asked++) {
        const range = poll[asked];
        if (!range) continue;
        const sentMs = systemClock.now();
        const bytes = await master.read({ ...range, timeoutMs: 200 }).catch(() => undefined);
        if (bytes) judge(tally, range, bytes, sentMs);
        else tally.errors++;
      }
    }
  } finally {
    await master.close();
    server?.close();
    await line.close();
  }
  return { ...tally, faults };
}

/** Runs all, so many at a time. */
export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  run: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...items.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      results[next[0]] = await run(next[1]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}
