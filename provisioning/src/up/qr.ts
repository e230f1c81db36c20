/** A QR code in half blocks, dark on light whatever the terminal's colours are; lines are 2 × modules high. */
export async function qrLines(text: string): Promise<string[]> {
  const { create } = (await import("qrcode")).default;
  const { modules } = create(text, { errorCorrectionLevel: "L" });
  const { size } = modules;
  // The quiet zone is light, so light is what is drawn: a terminal's ground is mostly dark.
  const isLight = (row: number, column: number): boolean =>
    row < 0 || column < 0 || row >= size || column >= size || modules.get(row, column) === 0;
  const lines: string[] = [];
  for (let row = -1; row < size + 1; row += 2) {
    let line = "";
    for (let column = -1; column < size + 1; column++) {
      const [upper, lower] = [isLight(row, column), isLight(row + 1, column)];
      line += upper ? (lower ? "█" : "▀") : lower ? "▄" : " ";
    }
    lines.push(line);
  }
  return lines;
}
