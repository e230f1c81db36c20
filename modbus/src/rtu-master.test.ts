import { describe, expect, test } from "vitest";
import { BusError } from "./errors.js";
import type { Fault } from "./faults.js";
import type { RegisterRange } from "./frame.js";
import { addressBank, type BenchBus, benchBus, contentOf } from "./testing/bench-bus.js";

const polls = 40;
const timeoutMs = 200;

interface Tally {
  right: number;
  wrong: number;
  readonly errors: { readonly index: number; readonly code: string }[];
}

function countContent(tally: Tally, { unit, address }: RegisterRange, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; 2 * i < bytes.length; i++) {
    if (view.getUint16(2 * i) === contentOf(unit, address + i)) tally.right++;
    else tally.wrong++;
  }
}

/** Polls two blocks in turn without rest, and counts registers that came from another address. */
async function pollThrough(bus: BenchBus, blocks: readonly RegisterRange[]): Promise<Tally> {
  const tally: Tally = { right: 0, wrong: 0, errors: [] };
  for (let index = 0; index < polls; index++) {
    const block = blocks[index % blocks.length]!;
    try {
      const bytes = await bus.clock.until(bus.master.read({ ...block, timeoutMs }));
      countContent(tally, block, bytes);
    } catch (error) {
      tally.errors.push({ index, code: error instanceof BusError ? error.code : String(error) });
    }
  }
  return tally;
}

const equalBlocks: RegisterRange[] = [0, 20].map((address) => ({
  unit: 1,
  table: "input",
  address,
  count: 10,
}));
const unequalBlocks: RegisterRange[] = [
  { unit: 1, table: "input", address: 0, count: 10 },
  { unit: 1, table: "input", address: 20, count: 11 },
];

const faults: { name: string; fault: Fault; blocks?: RegisterRange[]; codes: string[] }[] = [
  { name: "is silent", fault: { kind: "silent" }, codes: ["bus.timeout"] },
  { name: "answers late", fault: { kind: "late", byMs: 260 }, codes: ["bus.timeout"] },
  { name: "answers very late", fault: { kind: "late", byMs: 900 }, codes: ["bus.timeout"] },
  { name: "answers late but in time", fault: { kind: "late", byMs: 150 }, codes: [] },
  { name: "garbles a data bit", fault: { kind: "garbled", bit: 77 }, codes: ["bus.crc"] },
  { name: "garbles the unit", fault: { kind: "garbled", bit: 1 }, codes: ["bus.crc"] },
  { name: "garbles the byte count", fault: { kind: "garbled", bit: 17 }, codes: ["bus.crc"] },
  { name: "loses two bytes", fault: { kind: "truncated", bytes: 23 }, codes: ["bus.crc"] },
  { name: "sends three bytes", fault: { kind: "truncated", bytes: 3 }, codes: ["bus.crc"] },
  {
    name: "answers as another unit",
    fault: { kind: "other-unit", unit: 2 },
    codes: ["bus.timeout"],
  },
  { name: "answers another function", fault: { kind: "other-function" }, codes: ["bus.timeout"] },
  { name: "refuses", fault: { kind: "exception", exceptionCode: 4 }, codes: ["bus.exception"] },
  { name: "is busy once", fault: { kind: "exception", exceptionCode: 6 }, codes: [] },
  { name: "has its request echoed", fault: { kind: "echo" }, codes: [] },
  {
    name: "is preceded by noise that looks like a frame",
    fault: { kind: "noise-before", bytes: Uint8Array.of(0x00, 0xff, 0x01, 0x04) },
    codes: [],
  },
  {
    name: "is followed by noise",
    fault: { kind: "noise-after", bytes: Uint8Array.of(0x01, 0x04, 0x14, 0x00) },
    codes: [],
  },
  {
    name: "answers the request before",
    fault: { kind: "stale" },
    blocks: unequalBlocks,
    codes: ["bus.timeout"],
  },
];
const positions = [1, 10, 38];

describe("a meter that", () => {
  for (const { name, fault, blocks = equalBlocks, codes } of faults) {
    test.each(positions)(`${name} at poll %i never gives a wrong value`, async (position) => {
      const bus = await benchBus({
        faults: ({ index }) => (index === position ? fault : undefined),
      });
      const tally = await pollThrough(bus, blocks);
      expect(tally.wrong).toBe(0);
      expect(tally.errors).toEqual(codes.map((code) => ({ index: position, code })));
      expect(tally.right).toBeGreaterThanOrEqual((polls - codes.length) * 10);
      expect(bus.meters.counts().gapViolations).toBe(0);
    });
  }

  test("answers late is mixed up where the bus is not held: the tests above can fail", async () => {
    const bus = await benchBus({
      longestAnswerMs: 0,
      faults: ({ index }) => (index === 10 ? { kind: "late", byMs: 260 } : undefined),
    });
    expect((await pollThrough(bus, equalBlocks)).wrong).toBeGreaterThan(0);
  });

  test("answers the request before at once is seen through by its length alone", async () => {
    const bus = await benchBus({
      faults: ({ index }) => (index === 10 ? { kind: "stale" } : undefined),
    });
    expect((await pollThrough(bus, equalBlocks)).wrong).toBeGreaterThan(0);
  });
});

describe("after a time-out", () => {
  const lateOnce = { faults: ({ index }: { index: number }) => late(index) };
  const late = (index: number): Fault | undefined =>
    index === 0 ? { kind: "late", byMs: 600 } : undefined;

  test("the next request waits for the late answer, and no longer", async () => {
    const bus = await benchBus(lateOnce);
    const first = bus.master.read({ ...equalBlocks[0]!, timeoutMs });
    const second = bus.master.read({ ...equalBlocks[1]!, timeoutMs });
    await expect(bus.clock.until(first)).rejects.toMatchObject({ code: "bus.timeout" });
    await bus.clock.advance(600 - timeoutMs - 100);
    expect(bus.meters.counts().requests).toBe(1);
    await bus.clock.until(second);
    expect(bus.clock.now()).toBeLessThan(700);
  });

  test("a silent meter's own next request of the same look waits until no answer can come any more", async () => {
    const bus = await benchBus({
      longestAnswerMs: 400,
      faults: ({ index }) => (index === 0 ? { kind: "silent" } : undefined),
    });
    const silent = bus.master.read({ ...equalBlocks[0]!, timeoutMs });
    const next = bus.master.read({ ...equalBlocks[1]!, timeoutMs });
    await expect(bus.clock.until(silent)).rejects.toMatchObject({ code: "bus.timeout" });
    await bus.clock.until(next);
    expect(bus.clock.now()).toBeGreaterThan(400);
    expect(bus.clock.now()).toBeLessThan(520);
  });

  test("an echoed request is not taken for the late answer, whatever its address looks like", async () => {
    // The high byte of the address, 20, stands where an answer has its byte count.
    const bank = addressBank(1);
    const bus = await benchBus({
      longestAnswerMs: 3_000,
      bankOf: () => (table, address, count) => bank(table, address % 1_000, count),
      faults: ({ index }) =>
        index === 0 ? { kind: "silent" } : index === 1 ? { kind: "echo" } : undefined,
    });
    const late = bus.master.read({ ...equalBlocks[0]!, timeoutMs });
    await expect(bus.clock.until(late)).rejects.toMatchObject({ code: "bus.timeout" });
    const other = { unit: 1, table: "input", address: 0x1400, count: 11, timeoutMs } as const;
    await bus.clock.until(bus.master.read(other));
    expect(bus.clock.now()).toBeLessThan(500);
    await bus.clock.until(bus.master.read(equalBlocks[1]!));
    expect(bus.clock.now()).toBeGreaterThan(3_000);
  });

  test("requests whose answers look different do not wait, nor do those to other meters", async () => {
    const bus = await benchBus({
      longestAnswerMs: 5_000,
      faults: ({ index }) => (index === 0 ? { kind: "silent" } : undefined),
    });
    const silent = bus.master.read({ ...equalBlocks[0]!, timeoutMs });
    const others = [
      bus.master.read({ ...equalBlocks[1]!, count: 11 }),
      bus.master.read({ ...equalBlocks[1]!, table: "holding" }),
      bus.master.read({ ...equalBlocks[1]!, unit: 2 }),
    ];
    await expect(bus.clock.until(silent)).rejects.toMatchObject({ code: "bus.timeout" });
    await bus.clock.until(Promise.all(others));
    expect(bus.clock.now()).toBeLessThan(400);
  });

  test("a second copy of an answer is not taken for that of another address", async () => {
    const bus = await benchBus({
      faults: ({ index }) => (index === 10 ? { kind: "twice", afterMs: 0 } : undefined),
    });
    const tally = await pollThrough(bus, equalBlocks);
    expect(tally).toMatchObject({ wrong: 0, errors: [] });
  });

  test("the bus is held longer once an answer was seen to come later", async () => {
    const bus = await benchBus({
      longestAnswerMs: 700,
      faults: ({ index }) =>
        index === 0 ? { kind: "late", byMs: 600 } : index === 1 ? { kind: "silent" } : undefined,
    });
    for (let i = 0; i < 2; i++) {
      const read = bus.master.read({ ...equalBlocks[0]!, timeoutMs });
      await expect(bus.clock.until(read)).rejects.toMatchObject({ code: "bus.timeout" });
      if (i === 0) await bus.clock.advance(500);
    }
    const silentSinceMs = bus.clock.now() - timeoutMs;
    await bus.clock.until(bus.master.read(equalBlocks[1]!));
    expect(bus.clock.now() - silentSinceMs).toBeGreaterThan(900);
  });
});

describe("several meters on one bus", () => {
  const block = { table: "input", address: 0 } as const;

  test("are served in turn, however many requests one of them has", async () => {
    const bus = await benchBus();
    const order: number[] = [];
    const reads = [1, 1, 1, 1, 2, 3, 2].map((unit, n) =>
      bus.master.read({ ...block, unit, count: n + 1 }).then(() => order.push(unit)),
    );
    await bus.clock.until(Promise.all(reads));
    expect(order).toEqual([1, 2, 3, 1, 2, 1, 1]);
  });

  test("a silent one delays the others by no more than its learned time-out", async () => {
    let isSilent = false;
    const bus = await benchBus({
      faults: ({ unit }) => (unit === 2 && isSilent ? { kind: "silent" } : undefined),
    });
    const read = (unit: number) => bus.master.read({ ...block, unit, count: 10, timeoutMs: 2_000 });
    for (let n = 0; n < 20; n++) await bus.clock.until(Promise.all([read(1), read(2)]));
    isSilent = true;
    const learnedMs = bus.master.statistics(2).timeoutMs!;
    expect(learnedMs).toBeLessThan(300);
    const sentMs = bus.clock.now();
    const silent = read(2).catch(() => undefined);
    await bus.clock.until(read(1));
    const waitedMs = bus.clock.now() - sentMs;
    expect(waitedMs).toBeGreaterThan(learnedMs);
    expect(waitedMs).toBeLessThan(learnedMs + 120);
    await bus.clock.until(silent);
  });

  test("a busy one is asked again later, and the others have their turns meanwhile", async () => {
    let refusals = 2;
    const bus = await benchBus({
      faults: ({ unit }) =>
        unit === 2 && refusals-- > 0 ? { kind: "exception", exceptionCode: 6 } : undefined,
    });
    const order: number[] = [];
    const reads = [2, 1, 1, 1, 1].map((unit, n) =>
      bus.master.read({ ...block, unit, count: 10 + n }).then(() => order.push(unit)),
    );
    await bus.clock.until(Promise.all(reads));
    expect(order).toEqual([1, 1, 1, 1, 2]);
    expect(bus.master.statistics(2)).toMatchObject({ answers: 1, exceptions: 2 });
  });

  test("a pause that a meter asks for is kept before and after its requests, and only there", async () => {
    const bus = await benchBus({ meters: new Map([[2, { pauseMs: 50 }]]) });
    const timesOf = async (units: readonly number[]) => {
      const startMs = bus.clock.now();
      for (const unit of units) {
        await bus.clock.until(bus.master.read({ ...block, unit, count: 2 }));
      }
      return bus.clock.now() - startMs;
    };
    const plainMs = await timesOf([1, 1, 1, 1]);
    expect(plainMs).toBeLessThan(100);
    expect(await timesOf([2, 2, 2, 1])).toBeGreaterThan(plainMs + 4 * 45);
  });

  test("are each known by what was seen of them", async () => {
    const script: (Fault | undefined)[] = [
      undefined,
      { kind: "exception", exceptionCode: 2 },
      { kind: "silent" },
      { kind: "wrong-crc" },
      { kind: "late", byMs: 300 },
    ];
    const bus = await benchBus({ faults: ({ index }) => script[index] });
    expect(bus.master.statistics(1)).toEqual({
      answers: 0,
      timeouts: 0,
      crcErrors: 0,
      exceptions: 0,
      lateAnswers: 0,
      latencyMs: null,
      timeoutMs: null,
      sinceAnswerMs: null,
    });
    for (let n = 0; n < script.length; n++) {
      const read = bus.master.read({ ...block, unit: 1, count: 10 + n, timeoutMs });
      await bus.clock.until(read).catch(() => {});
      await bus.clock.advance(500);
    }
    expect(bus.master.statistics(1)).toMatchObject({
      answers: 1,
      timeouts: 2,
      crcErrors: 1,
      exceptions: 1,
      lateAnswers: 1,
    });
    expect(bus.master.statistics(2)).toMatchObject({ answers: 0, timeouts: 0 });
    const { sinceAnswerMs, latencyMs } = bus.master.statistics(1);
    expect(sinceAnswerMs).toBeGreaterThan(1_000);
    expect(latencyMs).toBeGreaterThan(5);
  });
});

describe("the queue", () => {
  test("is served in order and bounded", async () => {
    const bus = await benchBus({ maxQueued: 3 });
    const order: number[] = [];
    const reads = [0, 1, 2, 3].map((n) =>
      bus.master
        .read({ unit: 1, table: "holding", address: n, count: 1 })
        .then(() => order.push(n)),
    );
    const refused = bus.master.read(equalBlocks[0]!);
    await expect(refused).rejects.toMatchObject({ code: "bus.queue-full" });
    await bus.clock.until(Promise.all(reads));
    expect(order).toEqual([0, 1, 2, 3]);
  });

  test("lets go of a request whose deadline passes while another holds the bus", async () => {
    const bus = await benchBus({ faults: () => ({ kind: "silent" }) });
    const silent = bus.master.read({ ...equalBlocks[0]!, timeoutMs: 900 });
    const waiting = bus.master.read({ ...equalBlocks[1]!, deadlineMs: 300 });
    await expect(bus.clock.until(waiting)).rejects.toMatchObject({ code: "bus.deadline" });
    expect(bus.clock.now()).toBe(300);
    await expect(bus.clock.until(silent)).rejects.toMatchObject({ code: "bus.timeout" });
    expect(bus.meters.counts().requests).toBe(1);
  });

  test("is emptied when the bus is closed", async () => {
    const bus = await benchBus();
    const reads = equalBlocks.map((block) => bus.master.read(block));
    const closed = bus.master.close();
    for (const read of [...reads, bus.master.read(equalBlocks[0]!)]) {
      await expect(read).rejects.toMatchObject({ code: "bus.closed" });
    }
    await closed;
  });
});

describe("a request", () => {
  test.each([
    { unit: 0, address: 0, count: 1 },
    { unit: 248, address: 0, count: 1 },
    { unit: 1, address: 0, count: 0 },
    { unit: 1, address: 0, count: 126 },
    { unit: 1, address: 65_535, count: 2 },
    { unit: 1, address: 1.5, count: 1 },
  ])("that no frame can carry is refused: %o", async (range) => {
    const bus = await benchBus();
    await expect(bus.master.read({ ...range, table: "input" })).rejects.toThrow(RangeError);
  });

  test("for a register that the meter does not have fails with the meter's exception", async () => {
    const bus = await benchBus();
    const read = bus.master.read({ unit: 1, table: "input", address: 999, count: 2 });
    await expect(bus.clock.until(read)).rejects.toMatchObject({
      code: "bus.exception",
      exceptionCode: 2,
      message:
        "bench, unit 1, input registers 999-1000: the meter answered with exception 2 (illegal data address)",
    });
  });

  test("to a meter that stays busy is given up after three tries", async () => {
    const bus = await benchBus({ faults: () => ({ kind: "exception", exceptionCode: 6 }) });
    const read = bus.clock.until(bus.master.read(equalBlocks[0]!));
    await expect(read).rejects.toMatchObject({ code: "bus.exception", exceptionCode: 6 });
    expect(bus.meters.counts().requests).toBe(3);
  });
});

describe("a port that vanishes", () => {
  test("fails the open request, then all others at once, and works again when it is back", async () => {
    const bus = await benchBus({
      faults: ({ index }) => (index === 0 ? { kind: "silent" } : undefined),
    });
    const open = bus.master.read(equalBlocks[0]!);
    await bus.clock.advance(20);
    bus.cable.unplug();
    await expect(bus.clock.until(open)).rejects.toMatchObject({ code: "bus.port-gone" });
    await expect(bus.clock.until(bus.master.read(equalBlocks[0]!))).rejects.toMatchObject({
      code: "bus.port-missing",
    });
    bus.cable.plugIn();
    await bus.clock.advance(5_000);
    await bus.clock.until(bus.master.read(equalBlocks[0]!));
  });

  test("is looked for less and less often, and told once each time", async () => {
    const states: boolean[] = [];
    const bus = await benchBus({ onPort: ({ open }) => void states.push(open) });
    bus.cable.unplug();
    await bus.clock.advance(60_000);
    expect(bus.cable.opened).toBeGreaterThan(10);
    expect(bus.cable.opened).toBeLessThan(25);
    bus.cable.plugIn();
    await bus.clock.advance(7_000);
    expect(states[0]).toBe(true);
    expect(states.slice(1, -1)).not.toContain(true);
    expect(states.at(-1)).toBe(true);
    await bus.master.close();
  });
});
