import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shownDiffers, shownRegisters } from "./display-registers.js";

it.each([
  ["1234.5,89.0", 1_234_500, 100, 89_000, 100],
  ["1234,5;89", 1_234_500, 100, 89_000, 1_000],
  ["0.012,0", 12, 1, 0, 1_000],
  [" 7.10 , 8.20 ", 7_100, 10, 8_200, 10],
])("%s is read exactly", (text, importWh, importStep, exportWh, exportStep) => {
  expect(shownRegisters(text)).toEqual({
    importWh: { wh: importWh, stepWh: importStep },
    exportWh: { wh: exportWh, stepWh: exportStep },
  });
});

it.each(["", "1", "1,2,3", "1.2345,0", "-1,0", "1e3,0", "x,y", "1,", "12345678901,0"])(
  "%j is no reading of a display",
  (text) => {
    expect(() => shownRegisters(text)).toThrow("IMPORT,EXPORT");
  },
);

describe("a display", () => {
  const wh = fc.integer({ min: 0, max: 999_999_999 });
  const decimals = fc.integer({ min: 0, max: 3 });

  it("agrees with its meter however many decimals it cuts", () => {
    fc.assert(
      fc.property(wh, wh, decimals, (importWh, exportWh, digits) => {
        const cut = (value: number): string => {
          const text = String(value).padStart(4, "0");
          const fraction = text.slice(-3, text.length - 3 + digits);
          return `${text.slice(0, -3)}${digits === 0 ? "" : `.${fraction}`}`;
        };
        const shown = shownRegisters(`${cut(importWh)},${cut(exportWh)}`);
        const sent = { importWh, exportWh };
        expect(shownDiffers("it", shown, sent, sent)).toBeUndefined();
        const more = { importWh: importWh + 2 * shown.importWh.stepWh + 1, exportWh };
        expect(shownDiffers("it", shown, more, more)).toContain("importWh");
      }),
    );
  });

  it("may have been looked at at any time between two readings", () => {
    const shown = shownRegisters("5.10,0.00");
    const [before, after] = [
      { importWh: 5_000, exportWh: 0 },
      { importWh: 5_200, exportWh: 0 },
    ];
    expect(shownDiffers("it", shown, before, after)).toBeUndefined();
    expect(shownDiffers("the new meter", shownRegisters("5.30,0.00"), before, after)).toBe(
      "the new meter sent importWh 5000 to 5200, its display showed 5300",
    );
  });
});
