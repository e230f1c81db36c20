import { at } from "./at.js";
import { compareUtf8 } from "./utf8-order.js";

/** Positions in the order of the ids' UTF-8 bytes. */
export function sortedById(items: readonly { readonly id: string }[]): number[] {
  return items
    .map((_, position) => position)
    .sort((a, b) => compareUtf8(at(items, a).id, at(items, b).id));
}
