/** One element of DER (X.690): its tag, its content, and all its bytes. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/**
 * The elements that follow each other in `bytes`.
 * @throws RangeError for anything but definite, minimal lengths that fit
 */
export function elements(bytes: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    const { length, start } = lengthAt(bytes, at + 1);
    const end = start + length;
    if (end > bytes.length) throw new RangeError("an element of DER is longer than what is left");
    found.push({ tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return found;
}

/** The elements inside one constructed element. @throws RangeError where there is another tag */
export function inside(element: Element | undefined, tag = 0x30): Element[] {
  if (element?.tag !== tag) {
    throw new RangeError(`expected tag ${tag.toString(16)}, found ${element?.tag.toString(16)}`);
  }
  return elements(element.content);
}

/** An object identifier in dots, from its content. */
export function oidText(content: Uint8Array): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(value);
      value = 0;
    }
  }
  const [first = 0, ...rest] = parts;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - 40 * top, ...rest].join(".");
}

function lengthAt(bytes: Uint8Array, at: number): { length: number; start: number } {
  const first = bytes[at];
  if (first === undefined) throw new RangeError("DER ends within an element");
  if (first < 0x80) return { length: first, start: at + 1 };
  const count = first & 0x7f;
  if (count < 1 || count > 3) throw new RangeError("a length of DER is none");
  let length = 0;
  for (const byte of bytes.subarray(at + 1, at + 1 + count)) length = length * 256 + byte;
  const shortest = count === 1 ? 0x80 : 0x100 ** (count - 1);
  if (at + 1 + count > bytes.length || length < shortest)
    throw new RangeError("a length of DER is none");
  return { length, start: at + 1 + count };
}
