import { at } from "../at.js";
import { lotteryOf } from "../ration.js";
import type { Sha256, SlotOrders, Utility } from "../types.js";
import { compareUtf8 } from "../utf8-order.js";
import { exactWh } from "./exact-wh.js";
import { type Line, type OwnOffers, solve } from "./flow.js";
import { whole } from "./fraction.js";
import type { TreeNode } from "./grid-tree.js";
import { booksOf, offers, type StageOne, serveVolume } from "./stage-one.js";
import type { NodeTariffs } from "./tariffs.js";

export interface UtilityTrades {
  readonly utilityWh: Float64Array;
  readonly boughtWh: ReadonlyMap<string, number>;
  readonly soldWh: ReadonlyMap<string, number>;
  /** With participants' energy. */
  readonly lines: readonly Line[];
}

/** More than any slot can trade. */
const plentyWh = 10n ** 40n;

/** What is left of the orders, with the utility whose tariff is best at the order's node, as lines have room. */
export function stageTwo(
  slot: SlotOrders,
  tree: readonly TreeNode[],
  tariffs: readonly NodeTariffs[],
  { flows, localWh }: StageOne,
  sha256: Sha256,
): UtilityTrades {
  const books = booksOf(slot, tree, (_, limit) => limit, localWh);
  const lottery = lotteryOf(slot, sha256);
  const utilityWh = new Float64Array(slot.orders.length);
  const traded = { buy: new Map<string, number>(), sell: new Map<string, number>() };
  let lines: readonly Line[] = flows;
  const trade = (utility: Utility, side: "buy" | "sell") => {
    const price = whole(side === "buy" ? utility.retailMicroPerKwh : utility.feedInMicroPerKwh);
    const counter = [{ price, displaces: false, energyWh: plentyWh }];
    const left = tree.map((_, node) => {
      const { retail, feedIn } = at(tariffs, node);
      const { buyCurve, sellCurve } = at(books, node);
      const [tariff, curve] = side === "buy" ? [retail, buyCurve] : [feedIn, sellCurve];
      return tariff?.utility.id === utility.id ? offers(curve) : [];
    });
    const own = tree.map(({ id }, node): OwnOffers => {
      const here = id === utility.node ? counter : [];
      const orders = at(left, node);
      return side === "buy" ? { buys: orders, sells: here } : { buys: here, sells: orders };
    });
    const added = solve(tree, own, lines);
    let energyWh = 0n;
    added.forEach(({ boughtWh, soldWh }, node) => {
      const { buys, buyCurve, sells, sellCurve } = at(books, node);
      energyWh += side === "buy" ? soldWh : boughtWh;
      if (side === "buy") serveVolume(buys, buyCurve, slot, boughtWh, lottery, utilityWh);
      else serveVolume(sells, sellCurve, slot, soldWh, lottery, utilityWh);
    });
    traded[side].set(utility.id, exactWh(energyWh));
    lines = lines.map((line, node) => sumOf(line, at(added, node)));
  };
  for (const utility of slot.utilities.toSorted((a, b) => compareUtf8(a.id, b.id))) {
    trade(utility, "buy");
    trade(utility, "sell");
  }
  return { utilityWh, boughtWh: traded.sell, soldWh: traded.buy, lines };
}

function sumOf(a: Line, b: Line): Line {
  return {
    upWh: a.upWh + b.upWh,
    upDeliveredWh: a.upDeliveredWh + b.upDeliveredWh,
    downSentWh: a.downSentWh + b.downSentWh,
    downWh: a.downWh + b.downWh,
  };
}
