import { checkReferences, problem } from "./check-references.js";
import { type SlotOrders, type SlotResult, slotOrders, slotResult } from "./types.js";

/**
 * Reads one slot's orders, with all that they refer to checked.
 *
 * @param json - what JSON.parse gave
 * @throws CodedError `market.format`, `market.duplicate-id`, `market.unknown-id`, `market.grid`,
 *   `market.tariff`, `market.both-sides` or `market.too-large`; the message begins with the JSON path
 */
export function parseOrders(json: unknown): SlotOrders {
  const orders = parseWith(slotOrders, json);
  checkReferences(orders);
  return orders;
}

/**
 * Reads a result; what it claims is checked by `verifyResult`.
 *
 * @param json - what JSON.parse gave
 * @throws CodedError `market.format`; the message begins with the JSON path
 */
export function parseResult(json: unknown): SlotResult {
  return parseWith(slotResult, json);
}

interface Schema<T> {
  safeParse(json: unknown):
    | { success: true; data: T }
    | {
        success: false;
        error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] };
      };
}

function parseWith<T>(schema: Schema<T>, json: unknown): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [first, ...others] = parsed.error.issues;
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  throw problem("market.format", jsonPath(first?.path ?? []), `${first?.message}${more}`);
}

function jsonPath(path: readonly PropertyKey[]): string {
  const steps = path.map((key) =>
    typeof key === "number"
      ? `[${key}]`
      : /^[A-Za-z_]\w*$/.test(String(key))
        ? `.${String(key)}`
        : `[${JSON.stringify(String(key))}]`,
  );
  return `$${steps.join("")}`;
}
