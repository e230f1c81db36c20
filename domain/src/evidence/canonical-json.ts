import { CodedError } from "../errors/index.js";
import { utf8 } from "./bytes.js";

/** Deeper than any format of ours; refuses cycles instead of overflowing the stack. */
const maxDepth = 64;

/**
 * RFC 8785 canonical JSON of null, booleans, safe integers, strings, arrays and plain objects.
 * Members are sorted by UTF-16 code units. Throws `evidence.not-canonical` for anything else:
 * fractions, unsafe integers, undefined, lone surrogates, class instances, more than 64 levels.
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

/** `canonicalJson` in UTF-8: the bytes that are hashed and signed. */
export function canonicalBytes(value: unknown): Uint8Array {
  return utf8(canonicalJson(value));
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "number":
      if (!Number.isSafeInteger(value)) throw refusal(`the number ${value} is no safe integer`);
      return String(value);
    case "boolean":
      return String(value);
    case "object":
      if (value === null) return "null";
      if (depth >= maxDepth) throw refusal(`nested deeper than ${maxDepth} levels`);
      return Array.isArray(value) ? array(value, depth + 1) : object(value, depth + 1);
    case "undefined":
    case "bigint":
    case "symbol":
    case "function":
      throw refusal(`${typeof value} has no JSON form`);
  }
}

function quoted(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw refusal("a string holds a lone surrogate");
  return JSON.stringify(text);
}

function array(items: readonly unknown[], depth: number): string {
  let text = "[";
  for (let i = 0; i < items.length; i++) text += (i === 0 ? "" : ",") + write(items[i], depth);
  return `${text}]`;
}

function object(value: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refusal("not a plain object");
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  let text = "{";
  for (const [key, member] of members)
    text += `${text === "{" ? "" : ","}${quoted(key)}:${write(member, depth)}`;
  return `${text}}`;
}

function refusal(what: string): CodedError {
  return new CodedError("evidence.not-canonical", `no canonical JSON: ${what}`);
}
