import { at } from "../at.js";
import type { SlotOrders, Utility } from "../types.js";
import { compareUtf8 } from "../utf8-order.js";
import { compare, type Fraction, whole } from "./fraction.js";
import type { TreeNode } from "./grid-tree.js";

/** A utility's tariff as it is at a node, fees and losses on the way included. */
export interface Tariff {
  readonly price: Fraction;
  readonly utility: Utility;
}

/** The best tariffs at a node; of equal ones that of the utility with the lower id. */
export interface NodeTariffs {
  readonly retail: Tariff | undefined;
  readonly feedIn: Tariff | undefined;
}

export function carriedTariffs(
  tree: readonly TreeNode[],
  { utilities }: SlotOrders,
): NodeTariffs[] {
  const retail = carried(tree, utilities, {
    sign: 1,
    of: (one) => one.retailMicroPerKwh,
    toParent: (node, price) => node.edge.up(price),
    toChild: (node, price) => node.edge.importPrice(price),
  });
  const feedIn = carried(tree, utilities, {
    sign: -1,
    of: (one) => one.feedInMicroPerKwh,
    toParent: (node, price) => node.edge.down(price),
    toChild: (node, price) => node.edge.exportPrice(price),
  });
  return tree.map((_, node) => ({ retail: retail[node], feedIn: feedIn[node] }));
}

interface Kind {
  /** 1 where the lower price is better, -1 where the higher. */
  readonly sign: number;
  readonly of: (utility: Utility) => number;
  readonly toParent: (node: TreeNode, price: Fraction) => Fraction;
  readonly toChild: (node: TreeNode, price: Fraction) => Fraction;
}

/** Up from the leaves and down again: what reaches a node comes from below it, or through its parent. */
function carried(tree: readonly TreeNode[], utilities: readonly Utility[], kind: Kind) {
  const better = (a: Tariff | undefined, b: Tariff | undefined) => {
    if (a === undefined || b === undefined) return a ?? b;
    const order = kind.sign * compare(a.price, b.price) || compareUtf8(a.utility.id, b.utility.id);
    return order <= 0 ? a : b;
  };
  const best = tree.map(({ id }) =>
    utilities
      .filter(({ node }) => node === id)
      .map((utility): Tariff => ({ price: whole(kind.of(utility)), utility }))
      .reduce<Tariff | undefined>(better, undefined),
  );
  for (let node = tree.length - 1; node > 0; node -= 1) {
    const { parent = 0 } = at(tree, node);
    const here = best[node];
    if (here !== undefined)
      best[parent] = better(best[parent], {
        ...here,
        price: kind.toParent(at(tree, node), here.price),
      });
  }
  for (let node = 1; node < tree.length; node += 1) {
    const above = best[at(tree, node).parent ?? 0];
    if (above !== undefined)
      best[node] = better(best[node], {
        ...above,
        price: kind.toChild(at(tree, node), above.price),
      });
  }
  return best;
}
