import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { locateSyntaxError, readJson, readText } from "./input-file.js";
import { UnreadableInput } from "./output.js";

const folder = mkdtempSync(join(tmpdir(), "powershare-input-"));
afterAll(() => rmSync(folder, { recursive: true }));

function written(text: string): string {
  const path = join(folder, "file");
  writeFileSync(path, text);
  return path;
}

describe("an input file", () => {
  it("may begin with a byte order mark and have Windows line ends", async () => {
    expect(await readJson(written('\u{feff}{\r\n"a": 1}\r\n'))).toEqual({ a: 1 });
  });

  it("is read whole up to its limit", async () => {
    const text = "é".repeat(512 * 1024);
    expect(await readText(written(text), 1)).toBe(text);
    await expect(readText(written(`${text}!`), 1)).rejects.toThrow(/file: larger than 1 MiB/);
  });

  it.each([
    ["is no file", () => join(folder, "none"), /^cannot read .*none: ENOENT/],
    ["is a folder", () => folder, /^cannot read .*: EISDIR/],
  ])("that %s is unreadable input", async (_, path, says) => {
    const read = readText(path(), 1);
    await expect(read).rejects.toThrow(UnreadableInput);
    await expect(read).rejects.toThrow(says);
  });
});

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
