import { bestTariffs } from "./book.js";
import { digestOf } from "./digest.js";
import { Findings } from "./findings.js";
import { hasEdges, onlyNode } from "./supported.js";
import type { Sha256, SlotOrders, SlotResult } from "./types.js";
import { compareUtf8 } from "./utf8-order.js";
import { checkNoTrade, checkOptimum } from "./verify-optimum.js";
import { checkRepeated } from "./verify-repeated.js";
import { checkService, serviceAt } from "./verify-service.js";
import { checkTrades } from "./verify-trades.js";

/**
 * Proves a result of `uniform` at one node optimal and consistent with the orders, without clearing them again:
 * price and volume are a certificate from which everything else follows. On a tree, and by rules that
 * seek no optimum, a result is right where it is what the rule makes of the orders.
 *
 * @param orders - as `parseOrders` returns them
 * @param result - as `parseResult` returns it
 * @returns what is wrong, in sentences; none means proven
 * @throws CodedError `market.not-supported` as `clear` does
 */
export function verifyResult(orders: SlotOrders, result: SlotResult, sha256: Sha256): string[] {
  const wrong = new Findings();
  if (orders.rule === "uniform" && !hasEdges(orders))
    checkCertificate(orders, result, sha256, wrong);
  else checkRepeated(orders, result, sha256, wrong);
  return wrong.list();
}

function checkCertificate(
  orders: SlotOrders,
  result: SlotResult,
  sha256: Sha256,
  wrong: Findings,
): void {
  const node = onlyNode(orders);
  const positions = checkNames(orders, node, result, wrong);
  wrong.equal(result.digest, digestOf(result, sha256), "digest");
  const claimed = result.prices[node] ?? null;
  const { tradedWh, lossWh, feeNano, residueNano } = result.totals;
  wrong.equal(lossWh, 0, "totals.lossWh");
  wrong.equal(feeNano, "0", "totals.feeNano");
  wrong.equal(residueNano, "0", "totals.residueNano");
  const tariffs = bestTariffs(orders.utilities);
  if (claimed === null) {
    checkNoTrade(orders, tariffs, wrong);
    wrong.equal(tradedWh, 0, "totals.tradedWh");
  } else {
    wrong.equal(claimed.buy, claimed.sell, `prices["${node}"].buy`);
    checkOptimum(orders, tariffs, claimed.sell, tradedWh, wrong);
  }
  // What follows from price and volume can be told only where these, and the names, are right.
  if (!wrong.none) return;
  const service = serviceAt(orders, tariffs, claimed?.sell, tradedWh, sha256);
  const price = claimed?.sell ?? 0;
  checkService(orders, result, tariffs, price, positions, service, wrong);
  checkTrades(orders, result, price, positions, service.localWh, wrong);
}

/** Every order, utility and node appears once, sorted; returns the position of each fill's order. */
function checkNames(
  { orders, utilities }: SlotOrders,
  node: string,
  result: SlotResult,
  wrong: Findings,
): number[] {
  const positionOf = new Map(orders.map(({ id }, position) => [id, position]));
  const fills = result.fills.map(({ order }) => order);
  checkIds(fills, new Set(positionOf.keys()), "fills", wrong);
  checkIds(
    result.utilities.map(({ id }) => id),
    new Set(utilities.map(({ id }) => id)),
    "utilities",
    wrong,
  );
  checkIds(Object.keys(result.prices), new Set([node]), "prices", wrong);
  wrong.equal(result.edges.length, 0, "the number of edges");
  result.trades.forEach((trade, index) => {
    const before = result.trades[index - 1];
    wrong.expect(
      before === undefined ||
        (compareUtf8(before.seller, trade.seller) || compareUtf8(before.buyer, trade.buyer)) < 0,
      () => `trades[${index}] does not follow trades[${index - 1}] by seller and buyer`,
    );
  });
  return fills.map((id) => positionOf.get(id) ?? -1);
}

function checkIds(
  found: readonly string[],
  expected: ReadonlySet<string>,
  path: string,
  wrong: Findings,
): void {
  found.forEach((id, index) => {
    const before = found[index - 1];
    wrong.expect(expected.has(id), () => `${path}[${index}]: "${id}" is not in the orders' file`);
    wrong.expect(
      before === undefined || compareUtf8(before, id) < 0,
      () => `${path}[${index}]: "${id}" does not follow "${before}" in the order of ids`,
    );
  });
  wrong.equal(found.length, expected.size, `the number of ${path}`);
}
