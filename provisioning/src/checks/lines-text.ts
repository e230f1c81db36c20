import { wrapped } from "../up/screen.js";
import type { Line } from "./run-checks.js";

const titleColumns = 24;
const indent = " ".repeat(6);

export interface TextStyle {
  readonly columns: number;
  readonly colour: boolean;
}

/** As the terminal is: 80 columns where it is none, colour where it is one and NO_COLOR is unset. */
export function terminalStyle(): TextStyle {
  const { isTTY, columns } = process.stdout;
  return {
    columns: isTTY ? Math.max(40, columns) : 80,
    colour: isTTY === true && !process.env["NO_COLOR"],
  };
}

/**
 * One row where all is well; else also what was seen, and what to do.
 * @param isRepeated whether the same remedy stands above
 */
export function lineText(
  { ok, looked, title, detail, code, remedy }: Line,
  { columns, colour }: TextStyle,
  isRepeated: boolean,
): string {
  const word = ok ? "ok   " : looked ? "FAIL " : "?    ";
  const mark = colour ? `\u001b[${ok ? 32 : 31}m${word}\u001b[0m` : word;
  const name = short(title, titleColumns).padEnd(titleColumns);
  if (ok) return `${mark} ${name} ${short(detail, columns - titleColumns - 8)}`;
  const advice = `${code ? `[${code}] ` : ""}${isRepeated ? "as above" : (remedy ?? "")}`;
  const room = columns - indent.length - 1;
  const rows = [...wrapped(detail, room), ...wrapped(advice, room)];
  return [`${mark} ${title}`, ...rows.map((row) => `${indent}${row}`)].join("\n");
}

/** The text, or its beginning and an ellipsis. */
export function short(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
