import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc16 } from "./crc.js";
import {
  answerFrame,
  exceptionFrame,
  findAnswer,
  parseRequest,
  type RegisterRange,
  readRequest,
} from "./frame.js";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

const range = fc.record<RegisterRange>({
  unit: fc.integer({ min: 1, max: 247 }),
  table: fc.constantFrom("input", "holding"),
  address: fc.integer({ min: 0, max: 65_400 }),
  count: fc.integer({ min: 1, max: 125 }),
});

const exchange = range.chain((asked) =>
  fc
    .uint8Array({ minLength: 2 * asked.count, maxLength: 2 * asked.count })
    .map((data) => ({ asked, data, frame: answerFrame(asked.unit, asked.table, data) })),
);

describe("a frame", () => {
  test("is as in the makers' examples", () => {
    const asked = { unit: 1, table: "input", address: 0, count: 2 } as const;
    expect(readRequest(asked)).toEqual(bytes("01 04 00 00 00 02 71 CB"));
    expect(findAnswer(bytes("01 04 04 43 66 33 34 1B 38"), asked)).toEqual({
      kind: "registers",
      bytes: bytes("43 66 33 34"),
    });
  });

  test("round-trips as a request", () => {
    fc.assert(
      fc.property(range, (asked) => {
        expect(parseRequest(readRequest(asked))).toEqual(asked);
      }),
    );
  });

  test("with any burst of up to 16 wrong bits has a wrong CRC", () => {
    const burst = fc.record({
      at: fc.nat(),
      length: fc.integer({ min: 1, max: 16 }),
      pattern: fc.nat(),
    });
    fc.assert(
      fc.property(exchange, burst, ({ frame }, { at, length, pattern }) => {
        const first = at % (8 * frame.length - length + 1);
        const spoilt = frame.slice();
        for (let i = 0; i < length; i++) {
          const isFlipped = i === 0 || i === length - 1 || (pattern >> i) & 1;
          const bit = first + i;
          if (isFlipped) spoilt[bit >> 3] = (spoilt[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        }
        expect(crc16(spoilt)).not.toBe(0);
        expect(crc16(frame)).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("an answer", () => {
  test("is found behind noise and before noise", () => {
    const noise = fc.uint8Array({ maxLength: 20 });
    fc.assert(
      fc.property(noise, exchange, noise, (before, { asked, data, frame }, after) => {
        const line = Uint8Array.from([...before, ...frame, ...after]);
        expect(findAnswer(line, asked)).toEqual({ kind: "registers", bytes: data });
      }),
      // Noise that is itself a sound frame reaching into the answer would hide it: 1 in 65536.
      { seed: 3 },
    );
  });

  test("of another unit, function or length is never taken", () => {
    fc.assert(
      fc.property(exchange, range, ({ asked, frame }, other) => {
        const same =
          other.unit === asked.unit && other.table === asked.table && other.count === asked.count;
        fc.pre(!same);
        expect(findAnswer(frame, other)).toBeUndefined();
      }),
    );
  });

  test("inside another unit's frame is part of that frame", () => {
    const asked = { unit: 1, table: "input", address: 0, count: 2 } as const;
    const inner = answerFrame(1, "input", bytes("43 66 33 34"));
    const outer = answerFrame(2, "input", Uint8Array.from([...inner, 0]));
    expect(findAnswer(outer, asked)).toBeUndefined();
    expect(findAnswer(Uint8Array.from([...outer, ...inner]), asked)).toBeDefined();
  });

  test("that is an exception keeps its code", () => {
    const asked = { unit: 7, table: "holding", address: 0, count: 2 } as const;
    expect(findAnswer(exceptionFrame(7, "holding", 6), asked)).toEqual({
      kind: "exception",
      exceptionCode: 6,
    });
    expect(findAnswer(exceptionFrame(7, "input", 6), asked)).toBeUndefined();
    expect(findAnswer(exceptionFrame(8, "holding", 6), asked)).toBeUndefined();
  });
});
