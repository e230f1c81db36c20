import { clear } from "./clear.js";
import type { Findings } from "./findings.js";
import type { Sha256, SlotOrders, SlotResult } from "./types.js";
import { checkBooks } from "./verify-books.js";

/** Clears the orders again, names every field that differs, and proves the books of what is claimed. */
export function checkRepeated(
  orders: SlotOrders,
  result: SlotResult,
  sha256: Sha256,
  wrong: Findings,
): void {
  compare(result, clear(orders, sha256), "", wrong);
  if (orders.grid.nodes.length === 1) checkBooks(orders, result, wrong);
}

function compare(found: unknown, expected: unknown, path: string, wrong: Findings): void {
  if (isComposite(found) && isComposite(expected)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(found)])) {
      const step = Array.isArray(expected) ? `[${key}]` : `${path && "."}${key}`;
      compare(found[key], expected[key], `${path}${step}`, wrong);
    }
  } else {
    wrong.expect(
      found === expected,
      () => `${path} is ${shown(found)}; expected ${shown(expected)}`,
    );
  }
}

function isComposite(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function shown(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}
