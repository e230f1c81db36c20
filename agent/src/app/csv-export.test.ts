import fc from "fast-check";
import { expect, it } from "vitest";
import { csvLine } from "./csv-export.js";

it.each([
  [["a", 1, null, "b"], "a,1,,b\r\n"],
  [['say "x"', "a,b", "two\nlines"], '"say ""x""","a,b","two\nlines"\r\n'],
  [["=1+1", "+4", "-4", "@SUM(A1)", "\tx"], "'=1+1,'+4,'-4,'@SUM(A1),'\tx\r\n"],
  [["\r=1"], '"\'\r=1"\r\n'],
  [[-4], "-4\r\n"],
])("%j is the line %j", (cells, line) => {
  expect(csvLine(cells)).toBe(line);
});

/** A reader written from RFC 4180 alone. */
function parseLine(line: string): string[] {
  const cells: string[] = [];
  const cell = /("(?:[^"]|"")*"|[^,"\r\n]*)(,|\r\n$)/gy;
  for (;;) {
    const found = cell.exec(line);
    if (found === null) throw new Error(`no CSV: ${line}`);
    const [, text = "", end] = found;
    cells.push(text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text);
    if (end !== ",") return cells;
  }
}

it("any text comes back from a reader of RFC 4180, and never as a formula", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({
          unit: fc.constantFrom("a", "=", "+", "-", "@", "\t", "\r", "\n", '"', ",", "'", "é", "€"),
        }),
        {
          minLength: 1,
          maxLength: 5,
        },
      ),
      (cells) => {
        const read = parseLine(csvLine(cells));
        expect(
          read.map((cell, index) => (cell === `'${cells[index]}` ? cells[index] : cell)),
        ).toEqual(cells);
        for (const cell of read) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
      },
    ),
    { numRuns: 50 },
  );
});
