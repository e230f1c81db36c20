import fc from "fast-check";
import { PDFDocument } from "pdf-lib";
import { describe, expect, it } from "vitest";
import { handoverPage } from "../testing/handover-page.js";
import { handoverHtml } from "./html.js";
import { handoverPdf } from "./pdf.js";
import { kwh } from "./sheet.js";

it.each([
  [0, "0.000"],
  [7, "0.007"],
  [1_234_567, "1234.567"],
])("%i Wh is %s kWh, exactly", (wh, text) => {
  expect(kwh(wh)).toBe(text);
});

describe.each(["en", "pt"] as const)("the page in %s", (language) => {
  it("says all that was handed over", async () => {
    const page = { ...handoverPage, language };
    const html = await handoverHtml(page);
    for (const text of [
      page.participant,
      page.device,
      "eastron/sdm630, 12345678",
      "1234.567",
      "1234.5",
      "4000 W",
      "A-17",
      page.operator.contact,
      page.operator.registrar,
      page.pageUrl,
    ]) {
      expect(html).toContain(text);
    }
    expect(html).not.toMatch(/undefined|null|\{\w+\}/);
  });

  it("is one A4 sheet as PDF", async () => {
    const pdf = await PDFDocument.load(await handoverPdf({ ...handoverPage, language }));
    const sizes = pdf.getPages().map((page) => page.getSize());
    expect(sizes).toEqual([
      { width: expect.closeTo(595.28, 1) as number, height: expect.closeTo(841.89, 1) as number },
    ]);
  });
});

it("is the same bytes for the same page", async () => {
  expect(await handoverPdf(handoverPage)).toEqual(await handoverPdf(handoverPage));
});

it("takes whatever people write as text, and has no script", async () => {
  const cells = (html: string) => html.match(/<td/g)?.length;
  const usual = cells(await handoverHtml(handoverPage));
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string({ unit: "binary" }), async (contact, sealNumber) => {
      const hostile = `<script>alert(1)</script>"'&${contact}`;
      const page = { ...handoverPage, sealNumber, operator: { contact: hostile, registrar: "r" } };
      const html = await handoverHtml(page);
      expect(html).not.toMatch(/<script/i);
      expect(cells(html)).toBe(usual);
    }),
    { numRuns: 15 },
  );
});

it.each([
  { name: "letters that its fonts lack", contact: "Ωmega 電力 ☎ +351 21 000 000" },
  { name: "a word of 300 letters", contact: "x".repeat(300) },
  { name: "line ends and tabs", contact: "one\ntwo\tthree\u0000" },
])("is a PDF also of $name", async ({ contact }) => {
  const operator = { contact, registrar: "https://registrar.example.org:8443" };
  const pdf = await PDFDocument.load(await handoverPdf({ ...handoverPage, operator }));
  expect(pdf.getPageCount()).toBe(1);
});

it("says where more was given than one sheet holds", async () => {
  const operator = { contact: "word ".repeat(5_000), registrar: "r" };
  await expect(handoverPdf({ ...handoverPage, operator })).rejects.toThrow("does not fit");
});
