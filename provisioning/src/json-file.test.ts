import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { locateSyntaxError } from "./json-file.js";

describe("locateSyntaxError", () => {
  it.each([
    ["", 1, 1, "a value"],
    ["[1,]", 1, 4, "a value"],
    ['{\n  "a": 1,\n}', 3, 1, "a key in double quotes"],
    ['{"a" 1}', 1, 6, '":"'],
    ["{'a': 1}", 1, 2, 'a key in double quotes or "}"'],
    ['{"a": [1 2]}', 1, 10, '"," or "]"'],
    ['{"a": {"b": 1}', 1, 15, '"," or "}"'],
    ["{} {}", 1, 4, "the end of the file"],
    ["[1, NaN]", 1, 5, "a value"],
    ["[01]", 1, 3, '"," or "]"'],
    ['["tab\there"]', 1, 2, "a value or ]"],
  ])("finds in %j line %i, column %i, where there should be %s", (text, line, column, expected) => {
    expect(() => void JSON.parse(text)).toThrow(SyntaxError);
    expect(locateSyntaxError(text)).toMatchObject({ line, column, expected });
  });

  it("finds what was put in between two tokens of any JSON", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), fc.nat(), (value, pick) => {
        // Where JSON is printed over several lines, line ends stand between tokens only.
        const lines = JSON.stringify(value, null, 1).split("\n");
        const line = 1 + (pick % lines.length);
        const broken = lines.with(line - 1, `${lines[line - 1]}@`).join("\n");
        expect(locateSyntaxError(broken)).toMatchObject({
          line,
          column: (lines[line - 1]?.length ?? 0) + 1,
        });
      }),
    );
  });
});
