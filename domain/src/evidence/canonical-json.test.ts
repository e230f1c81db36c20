import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalBytes, canonicalJson } from "./index.js";

/** An independent definition: values rebuilt with their members in UTF-16 order, then written by JSON.stringify. */
function byDefinition(value: unknown): string {
  const utf16 = (a: string, b: string): number => {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const difference = a.charCodeAt(i) - b.charCodeAt(i);
      if (difference !== 0) return difference;
    }
    return a.length - b.length;
  };
  if (Array.isArray(value)) return `[${value.map(byDefinition).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => utf16(a, b));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${byDefinition(member)}`).join()}}`;
}

const text = fc.string({ unit: "binary" });
const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value")),
    fc.dictionary(text, tie("value"), { noNullPrototype: false }),
  ),
}));

describe("canonical JSON", () => {
  it("is RFC 8785 of strings, safe integers, booleans, null, arrays and plain objects", () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(canonicalJson(value)).toBe(byDefinition(value));
      }),
    );
  });

  it("reads back as the same value and does not depend on the order of members", () => {
    fc.assert(
      fc.property(fc.dictionary(text, anything), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(canonicalJson(JSON.parse(canonicalJson(value)))).toBe(canonicalJson(value));
      }),
    );
  });

  it("sorts by UTF-16 code units, as the example of RFC 8785 §3.2.3 does", () => {
    const example = {
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    };
    expect(
      canonicalJson(example)
        .match(/"[A-Z][^"]*"/g)
        ?.map((quoted) => quoted.slice(1, -1)),
    ).toEqual([
      "Carriage Return",
      "One",
      "Control",
      "Latin Small Letter O With Diaeresis",
      "Euro Sign",
      "Emoji: Grinning Face",
      "Hebrew Letter Dalet With Dagesh",
    ]);
  });

  // SHA-256 by Python's hashlib over json.dumps(…, sort_keys=True, separators=(",", ":"), ensure_ascii=False).
  it("gives the bytes that another implementation hashes", () => {
    const value = { b: [1, -2, true, null], a: { z: "€ü\n", y: "" }, "": 9007199254740991 };
    expect(createHash("sha256").update(canonicalBytes(value)).digest("hex")).toBe(
      "15ad476edc95278538333b86da775070918a9e2a46140e85ce918367a767e38a",
    );
  });

  it.each([
    ["a fraction", 0.5],
    ["an unsafe integer", 2 ** 53],
    ["infinity", Number.POSITIVE_INFINITY],
    ["not a number", Number.NaN],
    ["undefined", undefined],
    ["an undefined member", { a: undefined }],
    ["a hole in an array", Object.assign([], { length: 1 })],
    ["a bigint", 1n],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["bytes", new Uint8Array(1)],
    ["a lone high surrogate", "\ud83d"],
    ["a lone low surrogate in a key", { "\ude00": 1 }],
    ["a function", () => 0],
  ])("refuses %s", (_, value) => {
    expect(() => canonicalJson([value])).toThrow(
      expect.objectContaining({ code: "evidence.not-canonical" }),
    );
  });

  it("refuses a cycle instead of overflowing the stack", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => canonicalJson(cycle)).toThrow(/64 levels/);
  });

  it("keeps a member called __proto__", () => {
    expect(canonicalJson(JSON.parse('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}');
  });
});
