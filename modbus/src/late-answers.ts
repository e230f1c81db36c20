import { functionOf, type RegisterRange } from "./frame.js";

/** A request that was given up, and whose answer may still come. */
export interface Owed {
  readonly unit: number;
  readonly sentMs: number;
  /** Time on the wire of request, silence and answer, ms. */
  readonly wireMs: number;
  /** Later than this its answer does not come. */
  readonly untilMs: number;
}

interface Answered {
  readonly address: number;
  /** Until then a second copy of the answer may follow. */
  readonly untilMs: number;
}

/** Kept at most; what is forgotten first is over long since. */
const maxShapes = 512;
/** What comes later than this tells nothing about a request. */
const forgottenMs = 15_000;

/**
 * RTU answers carry no address and no number: two of one unit, function and length look the same.
 * So a request waits while an answer that would look like its own may still come: that of a
 * request that was given up, or a second copy of one for another address. Requests whose answers
 * look different go on meanwhile.
 */
export class LateAnswers {
  readonly #owed = new Map<number, Owed>();
  readonly #answered = new Map<number, Answered>();

  /** The request was given up without an answer. */
  owe(range: RegisterRange, owed: Owed): void {
    put(this.#owed, shapeOf(range.unit, functionOf(range.table), range.count), owed);
  }

  /** The request was answered; a repeated answer may follow until then. */
  answered(range: RegisterRange, untilMs: number): void {
    const shape = shapeOf(range.unit, functionOf(range.table), range.count);
    this.#owed.delete(shape);
    put(this.#answered, shape, { address: range.address, untilMs });
  }

  /** From when on an answer of this look can only be that to this request. */
  clearMs({ unit, table, address, count }: RegisterRange): number {
    const shape = shapeOf(unit, functionOf(table), count);
    const answered = this.#answered.get(shape);
    const copyMs = answered && answered.address !== address ? answered.untilMs : 0;
    return Math.max(this.#owed.get(shape)?.untilMs ?? 0, copyMs);
  }

  /** An answer of this look came that nobody waits for: what was owed is paid. */
  seen(unit: number, code: number, count: number, nowMs: number): Owed | undefined {
    const shape = shapeOf(unit, code, count);
    const owed = this.#owed.get(shape);
    this.#owed.delete(shape);
    return owed && nowMs - owed.sentMs < forgottenMs ? owed : undefined;
  }

  /** A refusal came, which tells no length: the longest owed one of unit and function is paid, if any. */
  refusalSeen(unit: number, code: number, nowMs: number): Owed | undefined {
    const first = shapeOf(unit, code, 0);
    for (const [shape, owed] of this.#owed) {
      if (shape >> 7 !== first >> 7 || owed.untilMs < nowMs) continue;
      this.#owed.delete(shape);
      return owed;
    }
    return undefined;
  }
}

/** One number for unit, function and count of registers (at most 125, so 7 bits). */
const shapeOf = (unit: number, code: number, count: number): number =>
  (unit << 15) | (code << 7) | count;

function put<T>(map: Map<number, T>, shape: number, value: T): void {
  map.delete(shape);
  map.set(shape, value);
  const [oldest] = map.keys();
  if (map.size > maxShapes && oldest !== undefined) map.delete(oldest);
}
