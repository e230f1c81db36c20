import { expect, test } from "vitest";
import { answerLength, type RegisterRange, readRequest, requestLength } from "./frame.js";
import { serveRtu } from "./rtu-server.js";
import { addressBank } from "./testing/bench-bus.js";
import { MemoryCable } from "./testing/memory-line.js";
import { VirtualClock } from "./testing/virtual-clock.js";
import { characterMs, silenceMs } from "./timing.js";

const baudRate = 9600;
const character = characterMs(baudRate);
const silence = silenceMs(baudRate);
const asked: RegisterRange = { unit: 1, table: "input", address: 0, count: 10 };

async function bareLine(turnaroundMs = 0) {
  const clock = new VirtualClock();
  const cable = new MemoryCable();
  const units = new Map([[1, addressBank(1)]]);
  const server = serveRtu(cable.meters, { baudRate, units, turnaroundMs, clock });
  const line = await cable.open();
  const arrivals: { atMs: number; bytes: number }[] = [];
  const listen = async () => {
    for (;;) {
      const { length } = await line.read();
      arrivals.push({ atMs: clock.now(), bytes: length });
    }
  };
  void listen();
  return { clock, line, server, arrivals };
}

test("an answer comes at the pace of the line, after silence and turnaround", async () => {
  const { clock, line, arrivals } = await bareLine(20);
  await line.write(readRequest(asked));
  await clock.advance(200);
  const startMs = requestLength * character + silence + 20;
  const total = answerLength(asked.count);
  expect(arrivals[0]!.atMs).toBeGreaterThanOrEqual(startMs + character);
  expect(arrivals.at(-1)!.atMs).toBeCloseTo(startMs + total * character, 6);
  let received = 0;
  for (const { atMs, bytes } of arrivals) {
    received += bytes;
    expect(received).toBeLessThanOrEqual((atMs - startMs) / character + 1e-3);
  }
  expect(received).toBe(total);
});

test.each([
  { name: "in the silence after an answer is a violation", afterMs: silence - 0.01, violations: 1 },
  { name: "after the silence is none", afterMs: silence, violations: 0 },
])("a request $name", async ({ afterMs, violations }) => {
  const { clock, line, server, arrivals } = await bareLine();
  await line.write(readRequest(asked));
  await clock.advance(100);
  await line.write(readRequest(asked));
  await clock.advance(100);
  const answerMs = arrivals.at(-1)!.atMs - 100;
  await clock.advance(100);
  await line.write(readRequest(asked));
  await clock.advance(answerMs + afterMs);
  await line.write(readRequest(asked));
  expect(server.counts()).toEqual({ requests: 4, gapViolations: violations });
});

test.each([
  { name: "for another unit", bytes: readRequest({ ...asked, unit: 9 }) },
  { name: "with a wrong CRC", bytes: readRequest(asked).fill(0, 7) },
  { name: "that is cut short", bytes: readRequest(asked).slice(0, 6) },
])("a request $name is left unanswered, and the next one is answered", async ({ bytes }) => {
  const { clock, line, arrivals } = await bareLine();
  await line.write(bytes);
  await clock.advance(300);
  expect(arrivals).toEqual([]);
  await line.write(readRequest(asked));
  await clock.advance(300);
  expect(arrivals.reduce((sum, arrival) => sum + arrival.bytes, 0)).toBe(answerLength(10));
});

test("a closed server sends nothing more", async () => {
  const { clock, line, server, arrivals } = await bareLine();
  await line.write(readRequest(asked));
  await clock.advance(15);
  server.close();
  const before = arrivals.length;
  await clock.advance(300);
  expect(arrivals.length).toBe(before);
});
