import { Writable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { qrLines } from "./qr.js";
import { Screen, wrapped } from "./screen.js";

function shownBy(use: (screen: Screen) => void, isLive = false): string {
  let shown = "";
  const out = new Writable({
    write(chunk, _encoding, done) {
      shown += String(chunk);
      done();
    },
  });
  let ms = 0;
  const now = () => (ms += 1_000_000);
  use(new Screen({ out, isLive, isColoured: false, columns: 80, now }));
  return shown;
}

test("text is wrapped without losing a word, and fits unless a word does not", () => {
  const word = fc.string({ minLength: 1, maxLength: 100 }).filter((each) => !each.includes(" "));
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1 }),
      fc.integer({ min: 10, max: 90 }),
      (words, columns) => {
        const lines = wrapped(words.join(" "), columns);
        expect(lines.join(" ")).toBe(words.join(" "));
        for (const line of lines) {
          expect(line.length <= columns || !line.includes(" ")).toBe(true);
        }
      },
    ),
  );
});

test("whatever is shown of steps and checks has at most 80 columns, and no control characters", () => {
  const sentence = fc.lorem({ maxCount: 3, mode: "sentences" });
  fc.assert(
    fc.property(fc.lorem({ maxCount: 6 }), sentence, (title, summary) => {
      const shown = shownBy((screen) => {
        screen.begin("10/10", title);
        screen.item(title, "no", summary);
        screen.text(summary);
        screen.end("10/10", title, "ok", summary);
      });
      for (const line of shown.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
      expect(shown).not.toMatch(/[^\P{C}\n]/u);
    }),
  );
});

test("a step that shows nothing is one line; its head comes before what it shows", () => {
  const quiet = shownBy((screen) => {
    screen.begin("1/2", "Quiet");
    screen.end("1/2", "Quiet", "ok", "done");
  });
  expect(quiet.split("\n")).toHaveLength(2);
  const told = shownBy((screen) => {
    screen.begin("2/2", "Told");
    screen.text("something");
    screen.end("2/2", "Told", "no", "failed");
  });
  expect(told.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
    ["2/2", "Told"],
    ["something"],
    ["2/2", "Told", "no", "failed"],
    [""],
  ]);
});

test("progress stands in place on a terminal, and is gone before anything else", () => {
  const shown = shownBy((screen) => {
    screen.begin("1/1", "Wait");
    screen.progress("50 %");
    screen.text("found");
  }, true);
  expect(shown).toBe("  1/1  Wait\n\r\u001b[K       50 %\r\u001b[K       found\n");
});

test("a QR code has its modules two to a character, within a light border", async () => {
  const lines = await qrLines("https://registrar.example.org:8443/enrolments/0123456789abcdef");
  const width = lines[0]?.length ?? 0;
  expect(lines.every((line) => line.length === width)).toBe(true);
  expect(lines).toHaveLength(Math.ceil(width / 2));
  // The finder patterns: a dark frame of 7 modules below the border, at the left and at the right.
  expect(lines[0]).toMatch(/^█▀{7}█.*█▀{7}█$/);
  expect(lines.every((line) => line.startsWith("█") || line.startsWith("▀"))).toBe(true);
});
