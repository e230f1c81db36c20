import { at } from "../at.js";
import { addWelfare } from "../leftovers.js";
import { NanoSum } from "../nano-sum.js";
import { sortedById } from "../sorted-by-id.js";
import type { Sha256, SlotOrders, SlotResult } from "../types.js";
import { compareUtf8 } from "../utf8-order.js";
import { type AmountOf, amountsAt } from "./amounts.js";
import { stateOf } from "./bounds.js";
import { exactWh } from "./exact-wh.js";
import type { Line, NodeFlow } from "./flow.js";
import { ceiled, floored, whole } from "./fraction.js";
import { type TreeNode, treeOf } from "./grid-tree.js";
import { pricesOf } from "./prices.js";
import { type StageOne, stageOne } from "./stage-one.js";
import { stageTwo, type UtilityTrades } from "./stage-two.js";
import { carriedTariffs, type NodeTariffs } from "./tariffs.js";
import { tradesOf } from "./tree-trades.js";

/** Clears a slot by `uniform` on a tree with losses, fees and limits; a price for each node. */
export function clearTree(slot: SlotOrders, sha256: Sha256): Omit<SlotResult, "digest"> {
  const tree = treeOf(slot);
  const tariffs = carriedTariffs(tree, slot);
  const among = stageOne(slot, tree, tariffs, sha256);
  const withUtilities = stageTwo(slot, tree, tariffs, among, sha256);
  const prices = pricesOf(tree, among);
  const amountOf = amountsAt(slot, tree, tariffs, prices);
  const byId = sortedById(slot.orders);
  const { fills, balanceNano, welfare } = fillAll(
    slot,
    tree,
    tariffs,
    byId,
    among,
    withUtilities,
    amountOf,
  );
  const edges = edgesOf(tree, among.flows, withUtilities.lines, prices);
  const utilities = sortedById(slot.utilities).map((position) => {
    const { id, feedInMicroPerKwh, retailMicroPerKwh } = at(slot.utilities, position);
    const boughtWh = withUtilities.boughtWh.get(id) ?? 0;
    const soldWh = withUtilities.soldWh.get(id) ?? 0;
    const terms = new NanoSum().add(boughtWh, feedInMicroPerKwh).add(-soldWh, retailMicroPerKwh);
    return { id, boughtWh, soldWh, terms: terms.value };
  });
  const fees = edges.reduce((sum, { feeNano }) => sum + BigInt(feeNano), 0n);
  const congestion = edges.reduce((sum, { congestionNano }) => sum + BigInt(congestionNano), 0n);
  const terms = utilities.reduce((sum, utility) => sum + utility.terms, 0n);
  return {
    prices: Object.fromEntries(
      tree.map(({ id }, node) => {
        const price = at(prices, node);
        return [id, price === null ? null : { buy: price, sell: price }];
      }),
    ),
    fills,
    trades: tradesOf(slot, byId, tree, among, amountOf),
    edges,
    utilities: utilities.map(({ id, boughtWh, soldWh }) => ({ id, boughtWh, soldWh })),
    totals: {
      tradedWh: among.flows.reduce((sum, { soldWh }) => sum + Number(soldWh), 0),
      welfareNano: String(welfare + terms - fees),
      lossWh: edges.reduce((sum, { lossWh }) => sum + lossWh, 0),
      feeNano: String(fees),
      residueNano: String(balanceNano + terms - fees - congestion),
    },
  };
}

/** What each order trades and for how much, what buyers pay more than sellers receive, and the orders' welfare. */
function fillAll(
  { orders }: SlotOrders,
  tree: readonly TreeNode[],
  tariffs: readonly NodeTariffs[],
  byId: readonly number[],
  { localWh }: StageOne,
  { utilityWh }: UtilityTrades,
  amountOf: AmountOf,
) {
  const atTariff = new Map(
    tree.map(({ id }, node) => {
      const { retail, feedIn } = at(tariffs, node);
      return [
        id,
        {
          buy: retail === undefined ? 0 : ceiled(retail.price),
          sell: feedIn === undefined ? 0 : floored(feedIn.price),
        },
      ];
    }),
  );
  const welfare = new NanoSum();
  let balanceNano = 0n;
  const fills = byId.map((position) => {
    const order = at(orders, position);
    const amongWh = localWh[position] ?? 0;
    const restWh = utilityWh[position] ?? 0;
    addWelfare(welfare, order, amongWh + restWh);
    const amount = amountOf(position, 0, amongWh).add(
      restWh,
      atTariff.get(order.node)?.[order.side] ?? 0,
    );
    balanceNano += order.side === "buy" ? amount.value : -amount.value;
    return { order: order.id, energyWh: amongWh + restWh, amountNano: String(amount) };
  });
  return { fills, balanceNano, welfare: welfare.value };
}

function edgesOf(
  tree: readonly TreeNode[],
  flows: readonly NodeFlow[],
  lines: readonly Line[],
  prices: readonly (number | null)[],
): SlotResult["edges"] {
  return tree
    .map((node, position) => ({ node, position }))
    .slice(1)
    .sort((a, b) => compareUtf8(a.node.id, b.node.id))
    .map(({ node, position }) => {
      const { upWh, upDeliveredWh, downSentWh, downWh } = at(lines, position);
      return {
        node: node.id,
        upWh: exactWh(upWh),
        downWh: exactWh(downWh),
        lossWh: exactWh(upWh - upDeliveredWh + downSentWh - downWh),
        feeNano: String(node.edge.feeNano(upWh + downWh)),
        congestionNano: String(congestionOf(node, at(flows, position), position, prices)),
      };
    });
}

/** What a full line is worth: the difference of the prices at its ends, less loss and fee. */
function congestionOf(
  node: TreeNode,
  flow: NodeFlow,
  position: number,
  prices: readonly (number | null)[],
): bigint {
  const here = at(prices, position);
  const above = at(prices, node.parent ?? 0);
  const state = stateOf(node, flow);
  if (here === null || above === null) return 0n;
  if (state === "full-up")
    return flow.upWh * BigInt(floored(node.edge.exportPrice(whole(above))) - here);
  if (state === "full-down")
    return flow.downWh * BigInt(here - ceiled(node.edge.importPrice(whole(above))));
  return 0n;
}
