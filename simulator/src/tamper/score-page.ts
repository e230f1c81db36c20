const begin = "<!-- Written by npm run score:tamper; everything up to its end is replaced. -->";
const end = "<!-- End of what npm run score:tamper writes. -->";

/** Puts a score's text into the page, between its two marks. Throws RangeError where it has none. */
export function withScore(page: string, score: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`the page has no "${begin}" with its end`);
  return `${page.slice(0, from)}${begin}\n\n\`\`\`text\n${score.trimEnd()}\n\`\`\`\n\n${page.slice(to)}`;
}
