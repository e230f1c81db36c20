import { describe, expect, test } from "vitest";
import { decodeCapture } from "./capture.js";
import { loadProfile } from "./library.js";

const sdm630 = loadProfile("eastron/sdm630");
const decodeText = (text: string) => decodeCapture(sdm630, text);

const ask = "> 01 04 00 00 00 02 71 CB";
const good = "< 01 04 04 43 66 33 33 5A FA";
const l1 = { voltageL1V: 230.2 };

describe("a capture", () => {
  test("decodes an answer by the request above it", () => {
    expect(decodeText(`${ask}\n${good}\n`)).toEqual({
      profile: "eastron/sdm630",
      values: l1,
      errors: [],
    });
  });

  test("may have comments, empty lines, Windows line ends, small letters and no spaces", () => {
    const text = `# a meter\r\n\r\n${ask}  # L1\r\n< 01040443663333 5afa\r\n`;
    expect(decodeText(text)).toMatchObject({ values: l1, errors: [] });
  });

  test("keeps the answer of a request that waited longer for itself", () => {
    const other = "> 01 04 00 02 00 02 D0 0B";
    const { values, errors } = decodeText(`${ask}\n${other}\n${good}\n${good}\n`);
    expect(values).toEqual({ voltageL1V: 230.2, voltageL2V: 230.2 });
    expect(errors).toEqual([]);
  });

  test.each([
    { name: "a wrong CRC", frame: "< 01 04 04 43 66 33 33 5A F9", code: "frame.crc" },
    { name: "a flipped data bit", frame: "< 01 04 04 43 67 33 33 5A FA", code: "frame.crc" },
    { name: "a cut frame", frame: "< 01 04 04", code: "frame.length" },
    { name: "an exception", frame: "< 01 84 02 C2 C1", code: "frame.exception" },
    { name: "too few registers", frame: "< 01 04 02 43 66 08 2A", code: "frame.length" },
    { name: "another unit", frame: "< 02 04 04 43 66 33 33 69 FA", code: "frame.mismatch" },
    { name: "another function", frame: "< 01 03 04 43 66 33 33 5B 4D", code: "frame.mismatch" },
  ])("puts $name into errors with its line, and nothing into values", ({ frame, code }) => {
    const { values, errors } = decodeText(`# meter\n${ask}\n${frame}\n`);
    expect(values).toEqual({});
    expect(errors).toMatchObject([{ line: 3, code }]);
  });

  test.each(["", "\r\n", "# tcp\n# nothing came\n"])("has a frame, unlike %j", (text) => {
    expect(() => decodeText(text)).toThrow("expected at least one frame");
  });

  test("that is something else is quoted in part, without its control characters", () => {
    const noise = `\u001b[2J${"x".repeat(1_000)}`;
    expect(() => decodeText(`${ask}\n${noise}\n`)).toThrow(/^line 2: .* found "\\u001b\[2Jx{20}"$/);
  });

  test("does not decode an answer to a damaged request", () => {
    const { values, errors } = decodeText(`> 01 04 00 00 00 02 71 CC\n${good}\n`);
    expect(values).toEqual({});
    expect(errors.map(({ line, code }) => [line, code])).toEqual([
      [1, "frame.crc"],
      [2, "frame.unasked"],
    ]);
  });

  test("takes nothing for the answer of a request whose answer came damaged", () => {
    const bad = "< 01 04 04 43 66 33 33 5A F9";
    const { values, errors } = decodeText(`${ask}\n${bad}\n${good}\n`);
    expect(values).toEqual({});
    expect(errors.map(({ code }) => code)).toEqual(["frame.crc", "frame.unasked"]);
  });

  test("finds the answer behind another unit's frame", () => {
    const { values, errors } = decodeText(`${ask}\n< 02 04 04 43 66 33 33 69 FA\n${good}\n`);
    expect(values).toEqual(l1);
    expect(errors.map(({ code }) => code)).toEqual(["frame.mismatch"]);
  });

  test.each([
    { text: `${ask}\nhello\n`, line: 2 },
    { text: "> 01 0\n", line: 1 },
    { text: `# ok\n\n01 04 00 00 00 02 71 CB\n`, line: 3 },
    { text: ">\n", line: 1 },
  ])("that is none is refused with line $line and what was expected", ({ text, line }) => {
    expect(() => decodeText(text)).toThrow(
      new RegExp(`^line ${line}: expected "> " or "< " and hex`),
    );
  });

  test("over TCP goes by transaction number", () => {
    const text = [
      "# tcp",
      "> 00 01 00 00 00 06 01 04 00 00 00 02",
      "> 00 02 00 00 00 06 01 04 00 02 00 02",
      "< 00 01 00 00 00 07 01 04 04 43 66 33 33",
      "< 00 02 00 00 00 07 01 04 04 43 67 00 00",
    ];
    expect(decodeText(text.join("\n"))).toMatchObject({
      values: { voltageL1V: 230.2, voltageL2V: 231 },
      errors: [],
    });
  });

  test("over TCP with a header of the wrong length is an error", () => {
    const text =
      "# tcp\n> 00 01 00 00 00 06 01 04 00 00 00 02\n< 00 01 00 00 00 09 01 04 04 43 66 33 33";
    expect(decodeText(text)).toMatchObject({
      values: {},
      errors: [{ line: 3, code: "frame.length" }],
    });
  });
});
