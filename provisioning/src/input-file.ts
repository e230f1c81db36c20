import { createReadStream } from "node:fs";
import { codeOf } from "@powershare/domain/errors";
import { UnreadableInput } from "./output.js";

/** A day of raw readings is some 90 MB. */
const largestFileMiB = 256;

/** Reads a text file, pipe or device. Throws UnreadableInput with the path, also where there is no end to it. */
export async function readText(path: string, maxMiB = largestFileMiB): Promise<string> {
  const limit = maxMiB * 1024 * 1024;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    const stream: AsyncIterable<Uint8Array> = createReadStream(path, { end: limit });
    for await (const chunk of stream) {
      size += chunk.length;
      chunks.push(chunk);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UnreadableInput(`cannot read ${path}: ${reason}`, { cause });
  }
  if (size > limit) {
    throw new UnreadableInput(`${path}: larger than ${maxMiB} MiB, which no file of its kind is`);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Names the file in whatever coded error `parse` throws for its content, which is then exit 2. */
export function inFile<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof Error) || codeOf(cause) === undefined) throw cause;
    throw new UnreadableInput(`${path}: ${cause.message}`, { cause });
  }
}

/**
 * Reads a JSON file, with or without a byte order mark.
 *
 * @throws UnreadableInput with the path, and where it is no JSON the line and column
 */
export async function readJson(path: string): Promise<unknown> {
  const text = (await readText(path)).replace(/^\u{feff}/u, "");
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const { line, column, found, expected } = locateSyntaxError(text);
    throw new UnreadableInput(`${path}:${line}:${column}: found ${found}; expected ${expected}`, {
      cause,
    });
  }
}

/** A token of RFC 8259 after white space; anything else does not match. */
const token =
  /[ \t\r\n]*([{}[\],:]|"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/uy;

/** First characters of the tokens that may come, `v` for a number, true, false or null. */
const grammar = {
  value: { takes: '{["v', means: "a value" },
  firstElement: { takes: '{["v]', means: "a value or ]" },
  firstKey: { takes: '"}', means: 'a key in double quotes or "}"' },
  key: { takes: '"', means: "a key in double quotes" },
  colon: { takes: ":", means: '":"' },
  inObject: { takes: ",}", means: '"," or "}"' },
  inArray: { takes: ",]", means: '"," or "]"' },
  end: { takes: "", means: "the end of the file" },
} as const;
type State = keyof typeof grammar;

interface SyntaxFault {
  readonly line: number;
  readonly column: number;
  readonly found: string;
  readonly expected: string;
}

/** Where a text stops being JSON. JSON.parse tells a position only for some faults, and no line. */
export function locateSyntaxError(text: string): SyntaxFault {
  const open: string[] = [];
  let state: State = "value";
  token.lastIndex = 0;
  for (;;) {
    const before = token.lastIndex;
    const kind = kindOf(token.exec(text)?.[1]);
    if (kind === undefined || !grammar[state].takes.includes(kind)) {
      return describe(text, before, grammar[state].means);
    }
    if (kind === "{" || kind === "[") open.push(kind);
    if (kind === "}" || kind === "]") open.pop();
    state = after(kind, state, open.at(-1));
  }
}

function kindOf(found: string | undefined): string | undefined {
  const first = found?.[0];
  return first === undefined || '{}[],:"'.includes(first) ? first : "v";
}

function after(kind: string, state: State, container: string | undefined): State {
  if (kind === "{") return "firstKey";
  if (kind === "[") return "firstElement";
  if (kind === ":") return "value";
  if (kind === ",") return container === "{" ? "key" : "value";
  if (state === "key" || state === "firstKey") return kind === '"' ? "colon" : inside(container);
  return inside(container);
}

function inside(container: string | undefined): State {
  if (container === undefined) return "end";
  return container === "{" ? "inObject" : "inArray";
}

function describe(text: string, from: number, expected: string): SyntaxFault {
  const offset = from + (/^[ \t\r\n]*/.exec(text.slice(from))?.[0].length ?? 0);
  const lines = text.slice(0, offset).split("\n");
  const rest = /^.{1,12}/.exec(text.slice(offset))?.[0];
  return {
    line: lines.length,
    column: (lines.at(-1)?.length ?? 0) + 1,
    found: rest === undefined ? "the end of the file" : JSON.stringify(rest),
    expected,
  };
}
