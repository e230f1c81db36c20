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

/** What JSON writes as it is, and no surrogate among it. */
const plain = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  const json = JSON.stringify(text);
  // JSON.stringify escapes lone surrogates, and only they make it write \ud….
  if (json.includes("\\ud") && /\p{Surrogate}/u.test(text)) {
    throw refusal("a string holds a lone surrogate");
  }
  return json;
}

function array(items: readonly unknown[], depth: number): string {
  let text = "";
  for (const item of items) text += `${text === "" ? "" : ","}${write(item, depth)}`; // unlike map, takes holes for undefined
  return `[${text}]`;
}

function object(value: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refusal("not a plain object");
  // Sorting without a comparison function is by UTF-16 code units (ECMA-262, SortCompare).
  const keys = Object.keys(value).sort();
  let text = "";
  for (const key of keys) {
    const member: unknown = Reflect.get(value, key);
    const json = typeof member === "string" ? quoted(member) : write(member, depth);
    text += `${text === "" ? "" : ","}${quoted(key)}:${json}`;
  }
  return `{${text}}`;
}

function refusal(what: string): CodedError {
  return new CodedError("evidence.not-canonical", `no canonical JSON: ${what}`);
}
