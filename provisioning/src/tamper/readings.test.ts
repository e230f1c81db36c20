import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { codeOf } from "@powershare/domain/errors";
import type { Row } from "@powershare/domain/wiring";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readReadings } from "./readings.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "powershare-readings-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function read(content: string | Uint8Array, name = "readings.csv") {
  const path = join(folder, name);
  writeFileSync(path, content);
  const rows: Row[] = [];
  const warnings: string[] = [];
  await readReadings(
    path,
    (sentence) => warnings.push(sentence.replace(`${folder}/`, "")),
    (row) => rows.push(row),
  );
  return { rows, warnings };
}

/** What is told of a file that cannot be read, without its folder. */
async function refusal(content: string | Uint8Array, name?: string) {
  const error: unknown = await read(content, name).catch((reason: unknown) => reason);
  if (!(error instanceof Error)) throw new Error("was read");
  return { message: error.message.replace(`${folder}/`, ""), code: codeOf(error.cause) };
}

const header = "ts_utc,seconds,production_wh,consumption_wh";
const startMs = Date.parse("2026-06-01T12:00:00Z");

describe("readings of a file", () => {
  const expected: Row[] = [
    { startMs, seconds: 900, productionWh: 1.5 },
    { startMs: startMs + 900_000, seconds: 900, productionWh: 0, consumptionWh: 200 },
  ];
  const lines = [header, "2026-06-01T12:00:00Z,900,1.5,", "2026-06-01T12:15:00Z,900,0,2e2"];
  const files: Readonly<Record<string, string>> = {
    "lines end with LF": `${lines.join("\n")}\n`,
    "the last line does not end": lines.join("\n"),
    "lines end with CRLF": lines.join("\r\n"),
    "it begins with a byte order mark": `\u{feff}${lines.join("\n")}`,
    "lines between are empty": lines.join("\n\n"),
    "cells stand in quotes": lines.join("\n").replaceAll(/[^,\n]+/g, '"$&"'),
    "cells have blanks around them": lines.join("\n").replaceAll(",", " , "),
    "fractions of a second are given": lines.join("\n").replaceAll("00Z", "00.000Z"),
    "seconds are left out": lines.join("\n").replaceAll(":00Z", "Z"),
  };
  it.each(Object.entries(files))("are the same where %s", async (_, content) => {
    expect((await read(content)).rows).toEqual(expected);
  });

  it("are read from gzip", async () => {
    expect((await read(gzipSync(lines.join("\n")), "readings.csv.gz")).rows).toEqual(expected);
  });

  it("have every column by its name", async () => {
    const { rows } = await read(
      "ts_utc,seconds,grid_l1_w,voltage_l3_v,soc_percent,battery_w\n2026-06-01T12:00:00Z,1,-3,230.1,50,7\n",
    );
    expect(rows).toEqual([
      { startMs, seconds: 1, gridL1W: -3, voltageL3V: 230.1, socPercent: 50, batteryW: 7 },
    ]);
  });

  it("leave out unknown columns, which are told", async () => {
    const { rows, warnings } = await read(
      'ts_utc,note,seconds,mood\n2026-06-01T12:00:00Z,"a, b",900,fine\n',
    );
    expect(rows).toEqual([{ startMs, seconds: 900 }]);
    expect(warnings).toEqual(["readings.csv:1: unknown columns: note, mood"]);
  });

  it("leave out a row that repeats the one before, which is told", async () => {
    const { rows, warnings } = await read([...lines, lines[2]].join("\n"));
    expect(rows).toEqual(expected);
    expect(warnings).toEqual(["readings.csv: 1 row repeats the one before and was passed over"]);
  });
});

describe("a file that cannot be read", () => {
  const row = "2026-06-01T12:00:00Z,900,1,2";
  const later = "2026-06-01T12:15:00Z,900,1,2";
  const unreadable: [string, string, string][] = [
    ["is empty", "", "readings.csv:1: empty; expected a header with ts_utc, seconds"],
    ["has no rows", `${header}\n`, "readings.csv: no readings after the header"],
    [
      "lacks a column",
      "ts_utc,production_wh\n",
      "readings.csv:1: the header has no seconds; expected ts_utc, seconds",
    ],
    [
      "has a column twice",
      `${header},seconds\n`,
      "readings.csv:1:45: seconds stands here a second time",
    ],
    [
      "has a row with a cell too few",
      `${header}\n${row}\n2026-06-01T12:15:00Z,900,1\n`,
      "readings.csv:3: found 3 cells; expected 4, as in the header",
    ],
    [
      "has a word for a number",
      `${header}\n2026-06-01T12:00:00Z,900,many,2\n`,
      'readings.csv:2:26: found "many" in production_wh; expected a decimal number or an empty cell',
    ],
    [
      "has a number that is none",
      `${header}\n2026-06-01T12:00:00Z,900,1,NaN\n`,
      'readings.csv:2:28: found "NaN" in consumption_wh; expected a decimal number or an empty cell',
    ],
    [
      "has a time of no zone",
      `${header}\n2026-06-01 12:00:00,900,1,2\n`,
      'readings.csv:2:1: found "2026-06-01 12:00:00" in ts_utc; expected a UTC instant such as 2026-06-01T12:00:00Z',
    ],
    [
      "has a day that does not exist",
      `${header}\n2026-02-30T12:00:00Z,900,1,2\n`,
      'readings.csv:2:1: found "2026-02-30T12:00:00Z" in ts_utc; expected a UTC instant such as 2026-06-01T12:00:00Z',
    ],
    [
      "has an interval without length",
      `${header}\n2026-06-01T12:00:00Z,0,1,2\n`,
      'readings.csv:2:22: found "0" in seconds; expected a number above 0, at most 86400',
    ],
  ];
  it.each(unreadable)("where it %s", async (_, content, message) => {
    expect((await refusal(content)).message).toBe(message);
  });

  it("has a code for what is wrong in a row", async () => {
    expect((await refusal(`${header}\nnever,900,1,2\n`)).code).toBe("wiring.readings");
  });

  const disordered: [string, string][] = [
    ["out of order", [header, later, row].join("\n")],
    ["overlapping", [header, row, "2026-06-01T12:14:59Z,900,1,2"].join("\n")],
    ["twice with other values", [header, row, "2026-06-01T12:00:00Z,900,1,3"].join("\n")],
  ];
  it.each(disordered)("where rows are %s", async (_, content) => {
    const { message, code } = await refusal(content);
    expect(message).toMatch(/^readings\.csv:3: begins at .+, but the row of line 2 lasts until /);
    expect(code).toBe("wiring.readings-order");
  });

  const at = (minute: number, wh = 1) =>
    `${new Date(startMs + minute * 60_000).toISOString()},900,${wh},2`;
  const minutes = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => at(from + 15 * index, from));

  it("is not one whose clock was set back: the hour that comes twice is read once", async () => {
    const { rows, warnings } = await read([header, ...minutes(0, 8), ...minutes(60, 6)].join("\n"));
    expect(rows.map((row) => (row.startMs - startMs) / 60_000)).toEqual([
      0, 15, 30, 45, 60, 75, 90, 105, 120, 135,
    ]);
    expect(warnings).toEqual([
      "readings.csv:10: the clock was set back; rows were passed over until line 14",
    ]);
  });

  it.each([
    ["a row lies alone before the others", [...minutes(0, 8), at(60), at(135)]],
    ["a clock was set back by more than a zone", [...minutes(0, 20), ...minutes(60, 30)]],
    ["a clock was set back again and again", [...minutes(0, 8), ...minutes(60, 3), at(60)]],
  ])("where %s", async (_, rows) => {
    expect((await refusal([header, ...rows].join("\n"))).code).toBe("wiring.readings-order");
  });

  it("is one without lines, of which no more than a line's length is kept", async () => {
    expect((await refusal("x".repeat(10_000_000))).message).toBe(
      "readings.csv:1: a line of more than 65536 characters; expected rows of CSV",
    );
  });

  it("is one that only says it is gzip", async () => {
    const { message } = await refusal(header, "readings.csv.gz");
    expect(message).toBe("cannot read readings.csv.gz: incorrect header check");
  });

  it("is one that is not there", async () => {
    const missing = join(folder, "missing.csv");
    await expect(
      readReadings(
        missing,
        () => {},
        () => {},
      ),
    ).rejects.toThrow(`cannot read ${missing}: ENOENT`);
  });
});
