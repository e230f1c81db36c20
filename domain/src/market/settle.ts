import { CodedError } from "../errors/index.js";
import { amountNano } from "../money/index.js";
import { at } from "./at.js";
import { bestTariffs } from "./book.js";
import { deliver } from "./delivery.js";
import { assertSettled } from "./settlement-invariants.js";
import { settledNode } from "./supported.js";
import { spreadSurplus } from "./surplus.js";
import type {
  Due,
  Measured,
  SettledEnergy,
  SettledTrade,
  Settlement,
  SlotOrders,
  SlotResult,
  Utility,
} from "./types.js";
import { compareUtf8 } from "./utf8-order.js";

export interface SettlementInput {
  readonly orders: SlotOrders;
  /** What `clear` made of them. */
  readonly result: SlotResult;
  /** One per participant with evidence; a trading partner without any has delivered nothing. */
  readonly measured: readonly Measured[];
  /** Id of the utility that serves a participant, one of the slot's. */
  readonly utilityOf: (participant: string) => string;
  /** Coins that a participant can pay with in this slot, nano-coin from 0. */
  readonly fundsNano: (participant: string) => bigint;
}

/**
 * Settles a cleared slot against the meters. Delivered is the lesser of measured and contracted on
 * both sides; buyers pay for that alone, and take from their utility at retail what is missing.
 * Freed and surplus energy goes at the node's price to import of others beyond their contracts, pro
 * rata and as far as their coins go, then to its owner's utility at feed-in: nobody gives neighbours
 * credit, and what a household cannot pay it owes its utility. Energy that is not attributable to the
 * slot, or late, is settled with the utility alone.
 *
 * @throws CodedError `market.settlement-input` where the arguments do not belong together,
 *   `market.not-supported` for another rule than `uniform`, or a grid with edges
 */
export function settle(input: SettlementInput): Settlement {
  const accounts = input.measured
    .toSorted((a, b) => compareUtf8(a.participant, b.participant))
    .map((measured) => ({ ...measured, utility: utilityFor(measured.participant, input) }));
  accounts.forEach(({ participant }, index) => {
    if (participant === accounts[index - 1]?.participant)
      throw mismatch(`"${participant}" is measured twice`);
  });
  const contracts = settleContracts(input);
  const surplus = settleSurplus(input, accounts, contracts);
  const trades = [...contracts, ...surplus];
  const energy = energyOf(accounts, trades);
  const settlement = {
    trades,
    energy,
    dues: [...trades.flatMap(dueForTrade), ...tariffDues(accounts, energy)],
  };
  assertSettled(settlement, input.measured);
  return settlement;
}

/** What the meters say of a participant, and who serves the rest. */
interface Account extends Measured {
  readonly utility: Utility;
}

function mismatch(what: string): CodedError {
  return new CodedError("market.settlement-input", what);
}

function utilityFor(participant: string, { orders, utilityOf }: SettlementInput): Utility {
  const id = utilityOf(participant);
  const utility = orders.utilities.find((one) => one.id === id);
  if (utility === undefined) {
    throw mismatch(`"${participant}" is served by "${id}", which is no utility of the slot`);
  }
  return utility;
}

function settleContracts({ orders, result, measured }: SettlementInput): SettledTrade[] {
  const attributable = measured.filter((one) => one.attributable);
  const contracts = result.trades.map(({ seller, buyer, sentWh }) => ({
    seller,
    buyer,
    contractedWh: sentWh,
  }));
  const deliveredWh = deliver(
    contracts,
    new Map(attributable.map(({ participant, exportWh }) => [participant, exportWh])),
    new Map(attributable.map(({ participant, importWh }) => [participant, importWh])),
  );
  if (contracts.length === 0) return [];
  const price = result.prices[settledNode(orders)]?.sell;
  if (price === undefined) throw mismatch("the result has trades but no price at their node");
  return contracts.map((contract, index) =>
    settled(contract, at(deliveredWh, index), price, "contract"),
  );
}

function settled(
  contract: Pick<SettledTrade, "seller" | "buyer" | "contractedWh">,
  deliveredWh: number,
  priceMicroPerKwh: number,
  kind: SettledTrade["kind"],
): SettledTrade {
  return {
    ...contract,
    deliveredWh,
    priceMicroPerKwh,
    amountNano: String(amountNano(deliveredWh, priceMicroPerKwh)),
    kind,
  };
}

function settleSurplus(
  { orders, result, fundsNano }: SettlementInput,
  accounts: readonly Account[],
  contracts: readonly SettledTrade[],
): SettledTrade[] {
  const price = surplusPrice(orders, result);
  if (price === undefined) return [];
  const deliveredWh = totals(contracts, "seller", "deliveredWh");
  const contractedWh = totals(contracts, "buyer", "contractedWh");
  const boughtWh = totals(contracts, "buyer", "deliveredWh");
  const payableWh = (participant: string): number => {
    if (price === 0) return Number.MAX_SAFE_INTEGER;
    // Contracts have the same price, and are paid first.
    const mostWh = fundsNano(participant) / BigInt(price) - BigInt(boughtWh(participant));
    return Math.max(0, Number(mostWh));
  };
  const flows = spreadSurplus(
    accounts.map(({ participant, exportWh, attributable }) =>
      attributable ? exportWh - deliveredWh(participant) : 0,
    ),
    accounts.map(({ participant, importWh, attributable }) =>
      attributable
        ? Math.min(Math.max(0, importWh - contractedWh(participant)), payableWh(participant))
        : 0,
    ),
  );
  return flows
    .map(({ from, to, energyWh }) => {
      const parties = {
        seller: at(accounts, from).participant,
        buyer: at(accounts, to).participant,
        contractedWh: 0,
      };
      return settled(parties, energyWh, price, "surplus");
    })
    .sort((a, b) => compareUtf8(a.seller, b.seller) || compareUtf8(a.buyer, b.buyer));
}

/**
 * The node's price, or the floored mean of the best feed-in and retail there. Undefined where the
 * best feed-in exceeds the best retail: no price then serves both neighbours as well as utilities do.
 */
function surplusPrice(orders: SlotOrders, result: SlotResult): number | undefined {
  const price = result.prices[settledNode(orders)];
  if (price === undefined) throw mismatch("the result has no entry for the orders' node");
  if (price !== null) return price.sell;
  const { feedIn, retail } = bestTariffs(orders.utilities);
  if (feedIn === undefined || retail === undefined) return undefined;
  const low = feedIn.feedInMicroPerKwh;
  const high = retail.retailMicroPerKwh;
  return low > high ? undefined : Math.floor((low + high) / 2);
}

/** By participant, what its trades of one side add up to. */
function totals(
  trades: readonly SettledTrade[],
  side: "seller" | "buyer",
  field: "deliveredWh" | "contractedWh",
): (participant: string) => number {
  const sums = new Map<string, number>();
  for (const trade of trades) sums.set(trade[side], (sums.get(trade[side]) ?? 0) + trade[field]);
  return (participant) => sums.get(participant) ?? 0;
}

function energyOf(accounts: readonly Account[], trades: readonly SettledTrade[]): SettledEnergy[] {
  const sold = totals(trades, "seller", "deliveredWh");
  const bought = totals(trades, "buyer", "deliveredWh");
  return accounts.map(({ participant, late, ...metered }) => {
    const importWh = metered.importWh + (late?.importWh ?? 0);
    const exportWh = metered.exportWh + (late?.exportWh ?? 0);
    const soldWh = sold(participant);
    const boughtWh = bought(participant);
    const fedInWh = exportWh - soldWh;
    const retailWh = importWh - boughtWh;
    return { participant, importWh, exportWh, soldWh, boughtWh, fedInWh, retailWh };
  });
}

function dueForTrade({ seller, buyer, amountNano: amount, kind }: SettledTrade): Due[] {
  const reason = kind === "contract" ? "trade" : "surplus";
  return amount === "0" ? [] : [{ from: buyer, to: seller, amountNano: amount, reason }];
}

function tariffDues(accounts: readonly Account[], energy: readonly SettledEnergy[]): Due[] {
  return accounts.flatMap(({ participant, utility }, index) => {
    const { fedInWh, retailWh } = at(energy, index);
    const feedIn = amountNano(fedInWh, utility.feedInMicroPerKwh);
    const retail = amountNano(retailWh, utility.retailMicroPerKwh);
    const dues: Due[] = [];
    if (feedIn > 0n)
      dues.push({
        from: utility.id,
        to: participant,
        amountNano: String(feedIn),
        reason: "feed-in",
      });
    if (retail > 0n)
      dues.push({
        from: participant,
        to: utility.id,
        amountNano: String(retail),
        reason: "retail",
      });
    return dues;
  });
}
