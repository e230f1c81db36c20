import { sharesByLargestRemainder } from "../../money/index.js";
import { at } from "../at.js";
import type { Order, SlotOrders, SlotTrade } from "../types.js";
import { compareUtf8 } from "../utf8-order.js";
import type { AmountOf } from "./amounts.js";
import type { NodeFlow } from "./flow.js";
import type { TreeNode } from "./grid-tree.js";
import type { StageOne } from "./stage-one.js";

/** Energy of an order on its way to where it meets its counterpart. */
interface Batch {
  readonly order: number;
  /** At the node reached. */
  readonly energyWh: number;
  /** Edges passed so far, by child node, with the order's share of their loss. */
  readonly crossings: readonly { readonly node: number; readonly lossWh: number }[];
}

interface Meeting {
  readonly sell: Batch;
  readonly buy: Batch;
}

/** Who meets whom: inside a node first, then at the nearest common ancestor, by order id. */
function meetings(
  orders: readonly Order[],
  byId: readonly number[],
  tree: readonly TreeNode[],
  flows: readonly NodeFlow[],
  localWh: Float64Array,
): Meeting[] {
  const rank = new Map(byId.map((position, index) => [position, index]));
  const nodeOf = new Map(tree.map(({ id }, node) => [id, node]));
  const own = tree.map(() => ({ sell: [] as Batch[], buy: [] as Batch[] }));
  const arriving = tree.map(() => ({ sell: [] as Batch[], buy: [] as Batch[] }));
  for (const position of byId) {
    const energyWh = localWh[position] ?? 0;
    const { node, side } = at(orders, position);
    if (energyWh > 0)
      at(own, nodeOf.get(node) ?? 0)[side].push({ order: position, energyWh, crossings: [] });
  }
  const found: Meeting[] = [];
  const rankOf = ({ order }: Batch) => rank.get(order) ?? 0;
  const sorted = (batches: Batch[]) => batches.sort((a, b) => rankOf(a) - rankOf(b));
  for (let node = tree.length - 1; node >= 0; node -= 1) {
    const inside = meet(at(own, node).sell, at(own, node).buy, found);
    const left = meet(
      sorted([...inside.sell, ...at(arriving, node).sell]),
      sorted([...inside.buy, ...at(arriving, node).buy]),
      found,
    );
    const { parent } = at(tree, node);
    if (parent === undefined) continue;
    // A Wh that no line can deliver is lost, and meets nobody.
    const { upWh, upDeliveredWh, downSentWh, downWh } = at(flows, node);
    const above = at(arriving, parent);
    if (upWh > 0n) above.sell.push(...cross(left.sell, node, Number(upWh - upDeliveredWh), -1));
    if (downWh > 0n) above.buy.push(...cross(left.buy, node, Number(downSentWh - downWh), 1));
  }
  return found;
}

/** Shares an edge's loss; batches are in the order of their order ids, so that the lower one wins ties. */
function cross(batches: readonly Batch[], node: number, lossWh: number, sign: 1 | -1): Batch[] {
  // What a line further on loses whole has nobody waiting for it.
  if (batches.length === 0) return [];
  const losses = sharesByLargestRemainder(
    lossWh,
    batches.map(({ energyWh }) => energyWh),
    (a, b) => a - b,
  );
  return batches.map(({ order, energyWh, crossings }, index) => {
    const share = losses[index] ?? 0;
    return {
      order,
      energyWh: energyWh + sign * share,
      crossings: [...crossings, { node, lossWh: share }],
    };
  });
}

/** Two pointers; returns what meets nobody here. */
function meet(sells: readonly Batch[], buys: readonly Batch[], found: Meeting[]) {
  const parts = { sell: sells.map(() => [] as number[]), buy: buys.map(() => [] as number[]) };
  const links: { sell: [number, number]; buy: [number, number] }[] = [];
  let buy = 0;
  let takenWh = 0;
  const restOfSell = sells.map(({ energyWh }, sell) => {
    let leftWh = energyWh;
    for (; leftWh > 0 && buy < buys.length; ) {
      const openWh = at(buys, buy).energyWh - takenWh;
      const partWh = Math.min(leftWh, openWh);
      if (partWh > 0) {
        links.push({
          sell: [sell, at(parts.sell, sell).push(partWh) - 1],
          buy: [buy, at(parts.buy, buy).push(partWh) - 1],
        });
      }
      leftWh -= partWh;
      takenWh += partWh;
      if (partWh === openWh) {
        buy += 1;
        takenWh = 0;
      }
    }
    return leftWh;
  });
  const sellPieces = sells.map((batch, index) =>
    split(batch, [...at(parts.sell, index), at(restOfSell, index)]),
  );
  const buyPieces = buys.map((batch, index) => {
    const metWh = at(parts.buy, index).reduce((sum, wh) => sum + wh, 0);
    return split(batch, [...at(parts.buy, index), batch.energyWh - metWh]);
  });
  for (const link of links) {
    found.push({
      sell: at(at(sellPieces, link.sell[0]), link.sell[1]),
      buy: at(at(buyPieces, link.buy[0]), link.buy[1]),
    });
  }
  const rest = (pieces: readonly Batch[][]) =>
    pieces.flatMap((list) => list.slice(-1)).filter(({ energyWh }) => energyWh > 0);
  return { sell: rest(sellPieces), buy: rest(buyPieces) };
}

/** Parts of a batch, with its losses shared by largest remainder, equal remainders the first part first. */
function split({ order, energyWh, crossings }: Batch, partsWh: readonly number[]): Batch[] {
  if (energyWh === 0) return partsWh.map(() => ({ order, energyWh: 0, crossings: [] }));
  const shares = crossings.map(({ lossWh }) =>
    sharesByLargestRemainder(lossWh, partsWh, (a, b) => a - b),
  );
  return partsWh.map((partWh, part) => ({
    order,
    energyWh: partWh,
    crossings: crossings.map(({ node }, index) => ({ node, lossWh: at(shares, index)[part] ?? 0 })),
  }));
}

/** Trades by participants, with what they pay, lose and are charged on the way. */
export function tradesOf(
  { orders }: SlotOrders,
  byId: readonly number[],
  tree: readonly TreeNode[],
  { flows, localWh }: StageOne,
  amountOf: AmountOf,
): SlotTrade[] {
  const doneWh = new Float64Array(orders.length);
  const take = (order: number, energyWh: number) => {
    const amount = amountOf(order, doneWh[order] ?? 0, energyWh);
    doneWh[order] = (doneWh[order] ?? 0) + energyWh;
    return amount.value;
  };
  const sums = new Map<string, Map<string, Sum>>();
  for (const { sell, buy } of meetings(orders, byId, tree, flows, localWh)) {
    const up = wayOf(sell, tree, 1);
    const down = wayOf(buy, tree, -1);
    const { participant: seller } = at(orders, sell.order);
    const { participant: buyer } = at(orders, buy.order);
    const row = sums.get(seller) ?? new Map<string, Sum>();
    sums.set(seller, row);
    const sum = row.get(buyer) ?? { sentWh: 0, deliveredWh: 0, paid: 0n, received: 0n, fee: 0n };
    row.set(buyer, {
      sentWh: sum.sentWh + up.energyWh,
      deliveredWh: sum.deliveredWh + down.energyWh,
      paid: sum.paid + take(buy.order, down.energyWh),
      received: sum.received + take(sell.order, up.energyWh),
      fee: sum.fee + up.feeNano + down.feeNano,
    });
  }
  return [...sums]
    .flatMap(([seller, row]) => [...row].map(([buyer, sum]) => tradeOf(seller, buyer, sum)))
    .sort((a, b) => compareUtf8(a.seller, b.seller) || compareUtf8(a.buyer, b.buyer));
}

interface Sum {
  readonly sentWh: number;
  readonly deliveredWh: number;
  readonly paid: bigint;
  readonly received: bigint;
  readonly fee: bigint;
}

function tradeOf(seller: string, buyer: string, sum: Sum): SlotTrade {
  return {
    seller,
    buyer,
    sentWh: sum.sentWh,
    deliveredWh: sum.deliveredWh,
    amountPaidNano: String(sum.paid),
    amountReceivedNano: String(sum.received),
    feeNano: String(sum.fee),
    lossWh: sum.sentWh - sum.deliveredWh,
  };
}

/** Energy at the order's own node, and the fees of the way between it and the meeting. */
function wayOf({ energyWh, crossings }: Batch, tree: readonly TreeNode[], sign: 1 | -1) {
  let feeNano = 0n;
  let atNodeWh = energyWh;
  for (const { node, lossWh } of crossings.toReversed()) {
    // Seen from the meeting, a seller's energy was more before each loss, and a buyer's is less after it.
    atNodeWh += sign * lossWh;
    feeNano += at(tree, node).edge.feeNano(BigInt(atNodeWh));
  }
  return { energyWh: atNodeWh, feeNano };
}
