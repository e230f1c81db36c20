import { at } from "../at.js";
import type { Edge } from "./edge.js";
import { belowAll, lesser, unbounded } from "./fraction.js";
import type { TreeNode } from "./grid-tree.js";
import { crossLevels, type Level, merge, type Offer, splitAt } from "./levels.js";

/** Offers of a node's own, best first. */
export interface OwnOffers {
  readonly sells: readonly Offer[];
  readonly buys: readonly Offer[];
}

/** What a node's own offers trade, and what its edge carries. */
export interface NodeFlow {
  soldWh: bigint;
  boughtWh: bigint;
  /** Sent into the edge by the child, and what arrives. */
  upWh: bigint;
  upDeliveredWh: bigint;
  /** Sent into the edge by the parent, and what arrives. */
  downSentWh: bigint;
  downWh: bigint;
}

/** What a subtree offers its parent, in the parent's Wh and at the parent's prices. */
interface Residual {
  readonly exports: readonly Offer[];
  readonly imports: readonly Offer[];
}

/** What a line carries already. */
export type Line = Pick<NodeFlow, "upWh" | "upDeliveredWh" | "downSentWh" | "downWh">;

export const emptyLine: Line = { upWh: 0n, upDeliveredWh: 0n, downSentWh: 0n, downWh: 0n };

/**
 * Greatest welfare of offers on a tree: from the leaves up each subtree becomes offers to its parent,
 * from the root down each node serves what its parent's edge carries.
 */
export function solve(
  tree: readonly TreeNode[],
  own: readonly OwnOffers[],
  lines: readonly Line[],
): NodeFlow[] {
  const residuals: Residual[] = [];
  for (let node = tree.length - 1; node > 0; node -= 1) {
    residuals[node] = residualOf(at(tree, node), at(own, node), residuals, at(lines, node));
  }
  const flows = tree.map(
    (): NodeFlow => ({
      soldWh: 0n,
      boughtWh: 0n,
      upWh: 0n,
      upDeliveredWh: 0n,
      downSentWh: 0n,
      downWh: 0n,
    }),
  );
  tree.forEach((node, position) => {
    settleNode(node, position, tree, at(own, position), lines, residuals, flows);
  });
  return flows;
}

function offersAt(node: TreeNode, own: OwnOffers, residuals: readonly Residual[]) {
  const of = (child: number) => at(residuals, child);
  return {
    sells: [own.sells, ...node.children.map((child) => of(child).exports)],
    buys: [own.buys, ...node.children.map((child) => of(child).imports)],
  };
}

function residualOf(
  node: TreeNode,
  own: OwnOffers,
  residuals: readonly Residual[],
  line: Line,
): Residual {
  const { sells, buys } = offersAt(node, own, residuals);
  const supply = merge(sells, "sell");
  const demand = merge(buys, "buy");
  const volumeWh = crossLevels(demand, supply);
  const [sold, unsold] = splitAt(supply, volumeWh);
  const [bought, unbought] = splitAt(demand, volumeWh);
  const displaced = (offers: readonly Offer[]) =>
    offers.map((offer) => ({ ...offer, displaces: true }));
  const { edge } = node;
  return {
    exports: carry(
      merge([unsold, displaced(bought)], "sell"),
      roomOf(edge.limitUpWh, line.upWh),
      (price) => edge.up(price),
      (energyWh) => edge.deliveredWh(line.upWh + energyWh) - line.upDeliveredWh,
    ),
    imports: carry(
      merge([unbought, displaced(sold)], "buy"),
      roomOf(edge.limitDownWh, line.downWh),
      (price) => edge.down(price),
      (energyWh) => sentBeside(edge, line, energyWh),
    ),
  };
}

function roomOf(limitWh: bigint | null, usedWh: bigint): bigint | null {
  return limitWh === null ? null : limitWh - usedWh;
}

/** The least energy that delivers so much more than a line does already. */
function sentBeside(edge: Edge, { downSentWh, downWh }: Line, deliveredWh: bigint): bigint {
  return deliveredWh === 0n ? 0n : edge.sentWh(downWh + deliveredWh) - downSentWh;
}

/** Offers as the parent sees them, as far as the line has room. */
function carry(
  offers: readonly Level[],
  roomWh: bigint | null,
  priceAt: (price: Offer["price"]) => Offer["price"],
  energyAt: (energyWh: bigint) => bigint,
): Offer[] {
  let totalWh = 0n;
  const carried: Offer[] = [];
  for (const { price, displaces, energyWh } of offers) {
    let endWh = totalWh + energyWh;
    if (roomWh !== null && endWh > roomWh) endWh = roomWh;
    const partWh = energyAt(endWh) - energyAt(totalWh);
    if (partWh > 0n) carried.push({ price: priceAt(price), displaces, energyWh: partWh });
    totalWh = endWh;
  }
  return carried;
}

function settleNode(
  node: TreeNode,
  position: number,
  tree: readonly TreeNode[],
  own: OwnOffers,
  lines: readonly Line[],
  residuals: readonly Residual[],
  flows: NodeFlow[],
): void {
  const flow = at(flows, position);
  const { sells, buys } = offersAt(node, own, residuals);
  const given = { displaces: false };
  const supply = merge([...sells, [{ ...given, price: belowAll, energyWh: flow.downWh }]], "sell");
  const demand = merge([...buys, [{ ...given, price: unbounded, energyWh: flow.upWh }]], "buy");
  const volumeWh = crossLevels(demand, supply);
  const takenWh = serveLevels(demand, volumeWh, buys.length + 1);
  const wastedWh = node.children.reduce((sum, child, index) => {
    const { edge } = at(tree, child);
    const line = at(lines, child);
    const partWh = takenWh[index + 1] ?? 0n;
    const deliveredWh = edge.deliveredWh(line.downSentWh + partWh) - line.downWh;
    return sum + partWh - sentBeside(edge, line, deliveredWh);
  }, 0n);
  // Energy too little to deliver another Wh is not sold; where all came from the parent, it is lost.
  const unsent = volumeWh - wastedWh >= flow.downWh;
  const sentWh = serveLevels(supply, unsent ? volumeWh - wastedWh : volumeWh, sells.length + 1);
  flow.soldWh = sentWh[0] ?? 0n;
  flow.boughtWh = takenWh[0] ?? 0n;
  node.children.forEach((child, index) => {
    const { edge } = at(tree, child);
    const below = at(flows, child);
    below.upDeliveredWh = sentWh[index + 1] ?? 0n;
    const line = at(lines, child);
    below.upWh =
      below.upDeliveredWh === 0n
        ? 0n
        : edge.sentWh(line.upDeliveredWh + below.upDeliveredWh) - line.upWh;
    const partWh = takenWh[index + 1] ?? 0n;
    below.downWh = partWh === 0n ? 0n : edge.deliveredWh(line.downSentWh + partWh) - line.downWh;
    below.downSentWh = unsent ? sentBeside(edge, line, below.downWh) : partWh;
  });
}

/** Better levels wholly, the last one pro rata; equal remainders own offers first, then by node id. */
function serveLevels(levels: readonly Level[], volumeWh: bigint, parties: number): bigint[] {
  const servedWh = Array.from({ length: parties }, () => 0n);
  let leftWh = volumeWh;
  for (const level of levels) {
    if (leftWh === 0n) break;
    const givenWh = lesser(leftWh, level.energyWh);
    const shares = level.parts.map(({ energyWh }) => (givenWh * energyWh) / level.energyWh);
    const remainders = level.parts.map(({ energyWh }) => (givenWh * energyWh) % level.energyWh);
    const rest = shares.reduce((sum, share) => sum - share, givenWh);
    const byRemainder = [...level.parts.keys()].sort((a, b) => {
      const lack = at(remainders, b) - at(remainders, a);
      return lack === 0n ? a - b : lack > 0n ? 1 : -1;
    });
    for (const index of byRemainder.slice(0, Number(rest))) shares[index] = at(shares, index) + 1n;
    level.parts.forEach(({ party }, index) => {
      servedWh[party] = at(servedWh, party) + at(shares, index);
    });
    leftWh -= givenWh;
  }
  return servedWh;
}
