import { describe, expect, test } from "vitest";
import { EvidenceBook, registerFaults } from "./books.js";

const meter = "eastron/sdm630:1";
function bookOf(...ranges: [number, number][]): EvidenceBook {
  const book = new EvidenceBook();
  for (const [firstSequence, lastSequence] of ranges) {
    book.add({ meter, firstSequence, lastSequence });
  }
  return book;
}

describe("the sequence of a meter's intervals on the ledger", () => {
  test.for([
    ["nothing yet", bookOf(), [], 0],
    ["one by one and in a backlog", bookOf([1, 1], [2, 2], [3, 9]), [], 9],
    ["a missing start", bookOf([2, 3]), ["intervals 1 to 1 are missing"], 2],
    ["a gap", bookOf([1, 2], [5, 6]), ["intervals 3 to 4 are missing"], 4],
    ["one twice", bookOf([1, 3], [3, 4]), ["intervals 3 to 3 came twice"], 5],
    ["the whole backlog twice", bookOf([1, 3], [1, 3]), ["intervals 1 to 3 came twice"], 6],
    [
      "newest first",
      bookOf([1, 1], [3, 3], [2, 2]),
      ["intervals 2 to 2 are missing", "intervals 2 to 2 came twice"],
      3,
    ],
  ] as const)("%s", ([, book, faults, count]) => {
    expect(book.faults(meter)).toEqual(faults.map((fault) => `${meter}: ${fault}`));
    expect(book.intervals(meter)).toBe(count);
  });

  test("is kept for each meter by itself", () => {
    const book = bookOf([1, 2]);
    book.add({ meter: "other:2", firstSequence: 4, lastSequence: 4 });
    expect(book.faults(meter)).toEqual([]);
    expect(book.faults("other:2")).toEqual(["other:2: intervals 1 to 3 are missing"]);
  });
});

describe("registers on the ledger", () => {
  const atEnd = { importWh: 1_000_000.4, exportWh: 500_000 };
  const atLatest = { importWh: 1_000_002.4, exportWh: 500_000 };
  test.for([
    [1_000_000, 500_000, 0],
    [1_000_003, 500_001, 0],
    [999_999, 500_000, 1],
    [1_000_004, 500_000, 1],
    [1_000_000, 500_002, 1],
    [0, 0, 2],
  ] as const)("import %i and export %i Wh have %i faults", ([importWh, exportWh, faults]) => {
    expect(registerFaults({ meter, importWh, exportWh }, atEnd, atLatest)).toHaveLength(faults);
  });
});
