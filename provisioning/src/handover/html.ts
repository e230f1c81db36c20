import { qrCode, quietZone } from "./qr.js";
import { type Row, sheetOf } from "./sheet.js";
import type { HandoverPage } from "./types.js";

const style = `@page{size:A4;margin:12mm}
*{box-sizing:border-box}
body{font:8.8pt/1.3 "Liberation Sans",Arial,sans-serif;color:#111;margin:0 auto;max-width:186mm}
h1{font-size:17pt;margin:0}h2{font-size:10pt;margin:2.4mm 0 .8mm;border-bottom:.3mm solid #111}
p{margin:.7mm 0}code{font:8pt "Liberation Mono",monospace;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.35mm 2mm .35mm 0}
th{font-weight:bold}.meters td,.meters th{border-bottom:.15mm solid #999}
.number{text-align:right;font-variant-numeric:tabular-nums}
.name{width:60mm;font-weight:bold}.top{display:flex;justify-content:space-between;align-items:baseline}
.page{display:flex;gap:6mm;align-items:center}.page svg{width:28mm;height:28mm;flex:none}
@media screen{body{padding:8mm}}`;

/** The page as HTML that needs nothing else: no script, no font, no image; everything given is escaped. */
export async function handoverHtml(page: HandoverPage): Promise<string> {
  const { words, date, identity, meters, site, commands, contact, page: own } = sheetOf(page);
  const heading = (text: string): string => `<h2>${escaped(text)}</h2>`;
  const isNumber = (column: number): string => (column > 3 ? ' class="number"' : "");
  const cells = (tag: "td" | "th", row: readonly string[]): string =>
    `<tr>${row.map((cell, column) => `<${tag}${isNumber(column)}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return `<!doctype html>
<html lang="${words.lang}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(`${words.title}: ${page.participant}`)}</title><style>${style}</style></head>
<body>
<div class="top"><h1>${escaped(words.title)}</h1><span>${escaped(date)}</span></div>
${rows(identity)}
${heading(words.meters)}
<table class="meters"><thead>${cells("th", words.meterHead)}</thead><tbody>${meters.map((row) => cells("td", row)).join("")}</tbody></table>
${heading(words.site)}
${rows(site)}
${heading(words.page)}
<div class="page">${await svgOf(own.url)}<div><p><code>${escaped(own.url)}</code></p><p>${escaped(own.how)}</p>${own.tunnel === undefined ? "" : `<p><code>${escaped(own.tunnel)}</code></p>`}</div></div>
${heading(words.states)}
${rows(words.stateRows.map(([name = "", text = ""]) => [name, text]))}
${heading(words.evidence)}
<p>${escaped(words.evidenceText)}</p>
${commands.map((command) => `<p><code>${escaped(command)}</code></p>`).join("")}
<p>${escaped(words.evidenceDevice)}</p>
${heading(words.when)}
${rows(words.whenRows.map(([name = "", text = ""]) => [name, text]))}
${heading(words.operator)}
${rows(contact)}
</body></html>
`;
}

function rows(all: readonly Row[]): string {
  const row = ([name, value]: Row): string =>
    `<tr><td class="name">${escaped(name)}</td><td>${escaped(value)}</td></tr>`;
  return `<table><tbody>${all.map(row).join("")}</tbody></table>`;
}

async function svgOf(text: string): Promise<string> {
  const { size, dark } = await qrCode(text);
  const side = size + 2 * quietZone;
  const path = dark
    .map(({ row, column }) => `M${column + quietZone} ${row + quietZone}h1v1h-1z`)
    .join("");
  return `<svg viewBox="0 0 ${side} ${side}" role="img" aria-label="${escaped(text)}" shape-rendering="crispEdges"><path d="${path}"/></svg>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
