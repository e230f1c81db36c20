import fc from "fast-check";
import type { SlotOrders } from "../types.js";
import { order, slotOf, utility } from "./slots.js";

const price = fc.integer({ min: 0, max: 12 });
/** Up to ten orders of few owners, with limits and energies so small that ties abound. */
export const anyOrders = fc
  .array(
    fc.record({
      side: fc.constantFrom("sell" as const, "buy" as const),
      source: fc.constantFrom("green" as const, "storage" as const, "other" as const),
      owner: fc.nat(2),
      steps: fc.array(fc.tuple(fc.nat(6), price), { minLength: 1, maxLength: 3 }),
    }),
    { maxLength: 10 },
  )
  .map((list) =>
    list.map(({ side, source, owner, steps }, index) =>
      order(`o${index}`, side, steps, { source, participant: `${side}er${owner}` }),
    ),
  );
const anyUtilities = fc
  .array(fc.tuple(price, fc.integer({ min: 1, max: 9 })), { maxLength: 2 })
  .map((list) => list.map(([feedIn, margin], i) => utility(`u${i}`, feedIn, feedIn + margin)));
export const anySlot = fc
  .tuple(anyOrders, anyUtilities, fc.constantFrom("00", "ff01", "1234"))
  .map(([orders, utilities, seed]): SlotOrders => slotOf(orders, utilities, { seed }));
