import fc from "fast-check";
import { expect, test } from "vitest";
import type { Fault } from "./faults.js";
import { benchBus, contentOf } from "./testing/bench-bus.js";

const noise = fc.uint8Array({ minLength: 1, maxLength: 12 });
const fault = fc.oneof<fc.Arbitrary<Fault>[]>(
  fc.record({ kind: fc.constant("late"), byMs: fc.integer({ min: 0, max: 900 }) }),
  fc.record({ kind: fc.constant("silent") }),
  fc.record({ kind: fc.constant("garbled"), bit: fc.nat({ max: 400 }) }),
  fc.record({ kind: fc.constant("truncated"), bytes: fc.nat({ max: 30 }) }),
  fc.record({ kind: fc.constant("other-unit"), unit: fc.integer({ min: 2, max: 247 }) }),
  fc.record({ kind: fc.constant("other-function") }),
  fc.record({ kind: fc.constant("stale") }),
  fc.record({ kind: fc.constant("exception"), exceptionCode: fc.integer({ min: 1, max: 11 }) }),
  fc.record({ kind: fc.constant("echo") }),
  fc.record({ kind: fc.constant("noise-before"), bytes: noise }),
  fc.record({ kind: fc.constant("noise-after"), bytes: noise }),
);

test("no mixture of faults makes a wrong value, breaks a silence or blocks the bus", async () => {
  const script = fc.array(fc.option(fault, { freq: 2, nil: undefined }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(script, async (faults) => {
      const bus = await benchBus({ faults: ({ index }) => faults[index] });
      // Unequal lengths, as a plan has them: an answer to the request before is told by its length.
      const blocks = [10, 11, 12].map((count, n) => ({ address: 20 * n, count }));
      for (let poll = 0; poll < faults.length; poll++) {
        const { address, count } = blocks[poll % blocks.length]!;
        const read = bus.master.read({ unit: 1, table: "input", address, count, timeoutMs: 150 });
        const bytes = await bus.clock.until(read).catch(() => undefined);
        const words = bytes && new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        for (let i = 0; words && i < count; i++) {
          expect(words.getUint16(2 * i)).toBe(contentOf(1, address + i));
        }
      }
      await bus.clock.until(bus.master.read({ unit: 1, table: "input", address: 0, count: 5 }));
      expect(bus.meters.counts().gapViolations).toBe(0);
    }),
    { seed: 42, numRuns: 60 },
  );
});
