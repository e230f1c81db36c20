import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gather } from "./gather.js";
import type { Row } from "./types.js";

function gathered(seconds: number, rows: readonly Row[]): readonly Row[] {
  const out: Row[] = [];
  const push = gather(seconds, (row) => out.push(row));
  for (const row of rows) push(row);
  return out;
}

const rowsOf = fc
  .array(
    fc.record({
      seconds: fc.constantFrom(1, 10, 60, 300, 900),
      gap: fc.constantFrom(0, 0, 0, 1000, 400_000),
      productionWh: fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined }),
    }),
    { maxLength: 200 },
  )
  .map((steps) => {
    let endMs = Date.UTC(2026, 5, 1);
    return steps.map(({ seconds, gap, productionWh }): Row => {
      const startMs = endMs + gap;
      endMs = startMs + seconds * 1000;
      return { startMs, seconds, ...(productionWh !== undefined && { productionWh }) };
    });
  });

describe("gathered rows", () => {
  it("hands on rows that are long enough", () => {
    const rows = [{ startMs: 0, seconds: 3600, productionWh: 5 }];
    expect(gathered(300, rows)).toEqual(rows);
  });

  it("takes means of powers and sums of energies, over what was measured", () => {
    const rows = [
      { startMs: 0, seconds: 100, gridW: 300, productionWh: 1 },
      { startMs: 100_000, seconds: 100, gridW: 600, productionWh: 2 },
      { startMs: 200_000, seconds: 100, productionWh: 3 },
    ];
    const [row] = gathered(300, rows);
    expect(row).toMatchObject({ startMs: 0, seconds: 300, gridW: 450 });
    expect(row?.productionWh).toBeCloseTo(6, 9);
  });

  it("keeps order, never overlaps, and waits for no more than one bin", () => {
    fc.assert(
      fc.property(rowsOf, (rows) => {
        const out = gathered(300, rows);
        for (const [i, row] of out.entries()) {
          const next = out[i + 1];
          if (next !== undefined) {
            expect(row.startMs + row.seconds * 1000).toBeLessThanOrEqual(next.startMs);
          }
        }
        const last = rows.at(-1);
        const lastOut = out.at(-1);
        if (last === undefined) return;
        const waits =
          last.startMs +
          last.seconds * 1000 -
          ((lastOut?.startMs ?? last.startMs) + (lastOut?.seconds ?? 0) * 1000);
        expect(waits === 0 || last.seconds < 300).toBe(true);
      }),
    );
  });

  it("loses no measured energy where nothing is missing", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 100 }), (values) => {
        const rows = values.map((productionWh, i) => ({
          startMs: i * 60_000,
          seconds: 60,
          productionWh,
        }));
        const whole = values.slice(0, values.length - (values.length % 5));
        const sum = gathered(300, rows).reduce((wh, row) => wh + (row.productionWh ?? 0), 0);
        expect(sum).toBeCloseTo(
          whole.reduce((a, b) => a + b, 0),
          6,
        );
      }),
    );
  });
});
