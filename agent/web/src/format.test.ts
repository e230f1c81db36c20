import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimalText, formatFor } from "./format.js";
import { chooseLanguage, fill } from "./i18n/messages.js";

describe("decimalText", () => {
  it("loses no digit of any amount", () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.integer({ min: 1, max: 12 }), (value, digits) => {
        const text = decimalText(value, digits);
        expect(text.split(".")[1]).toHaveLength(digits);
        expect(BigInt(text.replace(".", ""))).toBe(value);
      }),
    );
  });
});

describe("formatFor", () => {
  const en = formatFor("en");
  const pt = formatFor("pt");
  it.each([
    [en.power(999), "999 W"],
    [en.power(1843.2), "1.84 kW"],
    [en.power(-0.4), "0 W"],
    [en.energy(14), "14 Wh"],
    [en.energy(5321), "5.32 kWh"],
    [en.register(54_321_987), "54321.987 kWh"],
    [pt.register(12), "0,012 kWh"],
    [en.coins("10002345678"), "10.002346"],
    [en.coins("9007199254740993000000001"), "9,007,199,254,740,993.00"],
    [en.amount("1350000"), "0.001350"],
    [en.price(163000), "0.163"],
    [en.cash("EUR", "9500000"), "€9.50"],
    [pt.amount("1350000"), "0,001350"],
    [en.ago(7 * 60_000), "7 minutes ago"],
    [pt.ago(30_000), "há 30 segundos"],
  ])("%s reads as %s", (shown, expected) => {
    expect(shown).toBe(expected);
  });
});

describe("hours of a day", () => {
  const june = {
    start: "2026-05-31T23:00:00Z",
    end: "2026-06-01T23:00:00Z",
    zone: "Europe/Lisbon",
  };
  const october = {
    start: "2026-10-24T22:00:00Z",
    end: "2026-10-25T23:00:00Z",
    zone: "Europe/Berlin",
  };
  it.each([
    ["2026-06-01T12:00:00Z", june, "13:00"],
    ["2026-10-25T00:00:00Z", october, "02:00 GMT+2"],
    ["2026-10-25T01:00:00Z", october, "02:00 GMT+1"],
  ])("%s reads in the household's zone, and no two alike", (instant, day, text) => {
    expect(formatFor("en").hour(instant, day)).toBe(text);
  });
});

describe("language", () => {
  it.each([
    [["pt-PT", "en"], "pt"],
    [["de-DE", "en-US"], "en"],
    [["fr"], "en"],
    [[], "en"],
  ] as const)("readers who want %j get %s", (wanted, language) => {
    expect(chooseLanguage(wanted)).toBe(language);
  });

  it("leaves a name it has no value for as it stands", () => {
    expect(fill("{a} and {b}", { a: "1" })).toBe("1 and {b}");
  });
});
