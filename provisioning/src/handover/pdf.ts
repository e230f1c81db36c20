import type { PDFFont, PDFPage } from "pdf-lib";
import { qrCode, quietZone } from "./qr.js";
import { type Row, type Sheet, sheetOf } from "./sheet.js";
import type { HandoverPage } from "./types.js";

/** Points: 1/72 inch. A4 is 210 × 297 mm. */
const mm = 72 / 25.4;
const paper = { width: 210 * mm, height: 297 * mm };
const margin = 14 * mm;
const right = paper.width - margin;
const nameColumn = 60 * mm;
const qrSide = 26 * mm;
/** Where the columns of the meters' table begin; the last two end there. */
const meterColumns = [0, 19, 70, 106, 152, 182].map((at) => margin + at * mm);
const sizes = [9.6, 9.2, 8.8, 8.4, 8, 7.6, 7.2, 6.8];

/**
 * The page as a PDF of one A4 sheet. What PDF's own fonts lack, e.g. Greek letters in a name, is
 * written as `?`.
 * @throws Error where so much was given that it does not fit one sheet even in small print
 */
export async function handoverPdf(page: HandoverPage): Promise<Uint8Array> {
  const { PDFDocument, StandardFonts } = await import("pdf-lib");
  const sheet = sheetOf(page);
  const code = await qrCode(sheet.page.url);
  for (const size of sizes) {
    const document = await PDFDocument.create();
    document.setTitle(`${sheet.words.title}: ${page.participant}`);
    document.setLanguage(sheet.words.lang);
    const stamp = new Date(page.at);
    document.setCreationDate(stamp);
    document.setModificationDate(stamp);
    const [plain, bold, mono] = await Promise.all(
      [StandardFonts.Helvetica, StandardFonts.HelveticaBold, StandardFonts.Courier].map((font) =>
        document.embedFont(font),
      ),
    );
    if (!plain || !bold || !mono) throw new Error("PDF's own fonts are missing");
    const pen = new Pen(document.addPage([paper.width, paper.height]), { plain, bold, mono }, size);
    draw(pen, sheet, code);
    if (pen.y >= margin) return await document.save();
  }
  throw new Error("the hand-over page does not fit one sheet: shorten contact and notes");
}

function draw(pen: Pen, sheet: Sheet, code: Awaited<ReturnType<typeof qrCode>>): void {
  const { words, date, identity, meters, site, commands, contact, page } = sheet;
  pen.title(words.title, date);
  pen.rows(identity);
  pen.heading(words.meters);
  pen.table([words.meterHead, ...meters]);
  pen.heading(words.site);
  pen.rows(site);
  pen.heading(words.page);
  pen.besideQr(code, [page.url, page.how, ...(page.tunnel === undefined ? [] : [page.tunnel])]);
  pen.heading(words.states);
  pen.rows(words.stateRows.map(([name = "", text = ""]) => [name, text]));
  pen.heading(words.evidence);
  pen.text(words.evidenceText);
  for (const command of commands) pen.text(command, "mono");
  pen.text(words.evidenceDevice);
  pen.heading(words.when);
  pen.rows(words.whenRows.map(([name = "", text = ""]) => [name, text]));
  pen.heading(words.operator);
  pen.rows(contact);
}

type Face = "plain" | "bold" | "mono";

/** Writes from the top of a page downwards. */
class Pen {
  /** Base line of what was written last, from the bottom; below the margin it does not fit. */
  y = paper.height - margin;
  readonly #page: PDFPage;
  readonly #fonts: Readonly<Record<Face, PDFFont>>;
  readonly #size: number;
  /** Code points of letters that the fonts have. */
  readonly #known: ReadonlySet<number>;

  constructor(page: PDFPage, fonts: Readonly<Record<Face, PDFFont>>, size: number) {
    this.#page = page;
    this.#fonts = fonts;
    this.#size = size;
    this.#known = new Set(fonts.plain.getCharacterSet());
  }

  title(text: string, aside: string): void {
    this.y -= 2 * this.#size;
    this.#put(text, { x: margin, face: "bold", size: 2 * this.#size });
    this.#put(aside, { x: right, isRight: true });
    this.y -= this.#size / 2;
  }

  heading(text: string): void {
    this.y -= 2.1 * this.#size;
    this.#put(text, { x: margin, face: "bold", size: 1.15 * this.#size });
    const y = this.y - 0.35 * this.#size;
    this.#page.drawLine({ start: { x: margin, y }, end: { x: right, y }, thickness: 0.7 });
    this.y -= 0.35 * this.#size;
  }

  text(text: string, face: Face = "plain", x = margin): void {
    for (const line of this.#wrapped(text, face, right - x)) {
      this.#down();
      this.#put(line, { x, face });
    }
  }

  rows(rows: readonly Row[]): void {
    for (const [name, value] of rows) {
      const top = this.y;
      for (const line of this.#wrapped(name, "bold", nameColumn - 2 * mm)) {
        this.#down();
        this.#put(line, { x: margin, face: "bold" });
      }
      const below = this.y;
      this.y = top;
      this.text(value, "plain", margin + nameColumn);
      this.y = Math.min(this.y, below);
    }
  }

  table([head = [], ...rows]: readonly (readonly string[])[]): void {
    const put = (row: readonly string[], face: Face): void => {
      this.#down();
      for (const [column, text] of row.entries()) {
        const x = meterColumns[column] ?? margin;
        // Numbers end at one line; the others begin at one, and are cut before the next.
        const isNumber = column > 3;
        const room = (meterColumns[column + 1] ?? right) - x - 2;
        const line = isNumber ? text : (this.#wrapped(text, face, room)[0] ?? "");
        this.#put(line, { x, face, isRight: isNumber });
      }
    };
    put(head, "bold");
    for (const row of rows) put(row, "plain");
  }

  besideQr({ size, dark }: Awaited<ReturnType<typeof qrCode>>, texts: readonly string[]): void {
    const side = qrSide / size;
    const top = this.y - quietZone * side;
    for (const { row, column } of dark) {
      const y = top - (row + 1) * side;
      // A hair wider, so that no line shows between two.
      this.#page.drawRectangle({
        x: margin + column * side,
        y,
        width: side + 0.05,
        height: side + 0.05,
      });
    }
    this.y = top - qrSide / 4;
    for (const [index, text] of texts.entries()) {
      this.text(text, index === 1 ? "plain" : "mono", margin + qrSide + 6 * mm);
    }
    this.y = Math.min(this.y, top - qrSide - quietZone * side + this.#size);
  }

  #down(): void {
    this.y -= 1.3 * this.#size;
  }

  #put(text: string, at: { x: number; face?: Face; size?: number; isRight?: boolean }): void {
    const { x, face = "plain", size = this.#size, isRight = false } = at;
    const font = this.#fonts[face];
    const written = this.#writable(text);
    const from = isRight ? x - font.widthOfTextAtSize(written, size) : x;
    this.#page.drawText(written, { x: from, y: this.y, size, font });
  }

  /** Lines no wider than `room`; a word that is wider is broken. */
  #wrapped(text: string, face: Face, room: number): string[] {
    const font = this.#fonts[face];
    const fits = (line: string): boolean =>
      font.widthOfTextAtSize(this.#writable(line), this.#size) <= room;
    const lines: string[] = [];
    let line = "";
    for (const word of text.split(/\s+/)) {
      const longer = line === "" ? word : `${line} ${word}`;
      if (fits(longer)) {
        line = longer;
        continue;
      }
      if (line !== "") lines.push(line);
      line = word;
      while (!fits(line)) {
        let length = line.length - 1;
        while (length > 1 && !fits(line.slice(0, length))) length -= 1;
        lines.push(line.slice(0, length));
        line = line.slice(length);
      }
    }
    return [...lines, line];
  }

  /** With `?` for what the fonts have no letter for. */
  #writable(text: string): string {
    return Array.from(text, (letter) =>
      this.#known.has(letter.codePointAt(0) ?? 0) ? letter : "?",
    ).join("");
  }
}
