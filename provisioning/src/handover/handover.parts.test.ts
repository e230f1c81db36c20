import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PDFDocument } from "pdf-lib";
import { afterAll, expect, it, vi } from "vitest";
import { handoverPage } from "../testing/handover-page.js";
import { handoverHtml } from "./html.js";

vi.setConfig({ testTimeout: 60_000 });
/** Where the distributions put it; the set-up looks for the same names. */
const chromiumPath =
  ["chromium", "chromium-browser", "google-chrome"]
    .map((name) => `/usr/bin/${name}`)
    .find((path) => existsSync(path)) ?? "/usr/bin/chromium";
const folder = mkdtempSync(join(tmpdir(), "handover-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(["en", "pt"] as const)(
  "a browser prints the page in %s on one A4 sheet",
  async (language) => {
    const [html, pdf] = ["html", "pdf"].map((kind) => join(folder, `${language}.${kind}`));
    if (html === undefined || pdf === undefined) throw new Error("no files");
    writeFileSync(html, await handoverHtml({ ...handoverPage, language }));
    const printing = ["--no-pdf-header-footer", `--print-to-pdf=${pdf}`, `file://${html}`];
    const browser = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      `--user-data-dir=${folder}/browser`,
    ];
    execFileSync(chromiumPath, [...browser, ...printing], { stdio: "ignore", timeout: 50_000 });
    const pages = (await PDFDocument.load(readFileSync(pdf))).getPages();
    expect(pages).toHaveLength(1);
    const { width, height } = pages[0]?.getSize() ?? { width: 0, height: 0 };
    expect([Math.round(width), Math.round(height)]).toEqual([595, 842]);
  },
);
