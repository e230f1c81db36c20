import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { CodedError, type ErrorCode } from "@powershare/domain/errors";
import { UnreadableInput } from "../output.js";

/** No row of readings comes near it; it bounds what is kept of a file that has no lines. */
const longestLine = 65_536;

export interface CsvRecord {
  /** From 1, the header's line. */
  readonly line: number;
  readonly text: string;
  readonly cells: readonly string[];
}

/**
 * Reads a CSV file (RFC 4180 without line breaks in cells; LF or CRLF; with or without a byte order
 * mark; gzip where the name ends in `.gz`) record by record, keeping only the one at hand. Empty
 * lines are passed over.
 *
 * @throws UnreadableInput where the file cannot be read or a line is too long, and what `visit` throws
 */
export async function readCsv(path: string, visit: (record: CsvRecord) => void): Promise<void> {
  let line = 0;
  const take = (text: string) => {
    line += 1;
    const bare = text.endsWith("\r") ? text.slice(0, -1) : text;
    if (bare !== "") visit({ line, text: bare, cells: cellsOf(bare) });
  };
  let rest = "";
  for await (const chunk of textOf(path)) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const each of lines) take(each);
    if (rest.length > longestLine) {
      throw new UnreadableInput(
        `${path}:${line + 1}: a line of more than ${longestLine} characters; expected rows of CSV`,
      );
    }
  }
  if (rest !== "") take(rest);
}

async function* textOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  // A fault of the file reaches the reader through what it reads.
  const bytes: AsyncIterable<Uint8Array> = path.endsWith(".gz")
    ? pipeline(file, createGunzip(), () => {})
    : file;
  const decoder = new TextDecoder();
  try {
    for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UnreadableInput(`cannot read ${path}: ${reason}`, { cause });
  }
  yield decoder.decode();
}

function cellsOf(text: string): string[] {
  if (!text.includes('"')) return text.split(",");
  const cells = text.match(/(?:^|,)(?:"(?:[^"]|"")*"|[^,]*)/g) ?? [];
  return cells.map((cell, index) => {
    const bare = index === 0 && !text.startsWith(",") ? cell : cell.replace(/^,/, "");
    return bare.startsWith('"') ? bare.slice(1, -1).replaceAll('""', '"') : bare;
  });
}

/** What is wrong in a file, with its line and, of a cell, the column where that begins. */
export function wrongCsv(
  path: string,
  code: ErrorCode,
  message: string,
  at: CsvRecord,
  cell?: number,
): UnreadableInput {
  const column =
    cell === undefined ? "" : `:${at.cells.slice(0, cell).join(",").length + (cell > 0 ? 2 : 1)}`;
  return new UnreadableInput(`${path}:${at.line}${column}: ${message}`, {
    cause: new CodedError(code, message),
  });
}
