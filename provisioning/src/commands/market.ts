import { createHash } from "node:crypto";
import type { SlotOrders, SlotResult } from "@powershare/domain/market";
import type { Command } from "commander";
import { inFile, readJson } from "../input-file.js";
import { answerNo, print } from "../output.js";

const jsonOption = ["--json", "print one JSON document"] as const;

export function registerMarketCommands(program: Command): void {
  const market = program.command("market").description("clear a slot's orders, prove a result");
  market
    .command("clear")
    .description(
      "clear the orders of a slot by the same code as the chaincode; the file's rule is uniform, on a tree with losses, fees and limits too, or at one node pay-as-bid, mcafee or mid-market-rate",
    )
    .argument("<orders>", "JSON file of a slot's orders")
    .option(...jsonOption)
    .action(clearFile);
  market
    .command("verify")
    .description(
      "prove a result consistent and, by rule uniform at one node, optimal, or say what is wrong (exit 1)",
    )
    .argument("<orders>", "JSON file of a slot's orders")
    .argument("<result>", "JSON file of its result, as `market clear --json` prints it")
    .option(...jsonOption)
    .action(verifyFile);
}

interface Options {
  readonly json?: true;
}

async function clearFile(ordersFile: string, { json }: Options): Promise<void> {
  const { clear, parseOrders } = await import("@powershare/domain/market");
  const { formatCoins } = await import("@powershare/domain/money");
  const read = await readJson(ordersFile);
  const { orders, result } = inFile(ordersFile, () => {
    const orders = parseOrders(read);
    return { orders, result: clear(orders, sha256) };
  });
  print(json === true ? JSON.stringify(result) : describeResult(orders, result, formatCoins));
}

async function verifyFile(
  ordersFile: string,
  resultFile: string,
  { json }: Options,
): Promise<void> {
  const { parseOrders, parseResult, verifyResult } = await import("@powershare/domain/market");
  const [ordersRead, resultRead] = [await readJson(ordersFile), await readJson(resultFile)];
  const orders = inFile(ordersFile, () => parseOrders(ordersRead));
  const result = inFile(resultFile, () => parseResult(resultRead));
  const wrong = inFile(ordersFile, () => verifyResult(orders, result, sha256));
  const proven = wrong.length === 0;
  if (!proven) process.exitCode = answerNo;
  const claim =
    orders.rule === "uniform" && orders.grid.nodes.length === 1
      ? "no other result has greater welfare"
      : `this is what the rule ${orders.rule} makes of the orders`;
  const verdict = proven
    ? `Proven: ${claim}, and the digest ${result.digest} is right.`
    : ["Not proven:", ...wrong.map((sentence) => `  ${sentence}`)].join("\n");
  print(json === true ? JSON.stringify({ proven, wrong }) : verdict);
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function describeResult(
  { slot, orders }: SlotOrders,
  { prices, trades, utilities, totals, digest }: SlotResult,
  formatCoins: (nano: bigint) => string,
): string {
  const perKwh = (microPerKwh: number) => `${formatCoins(BigInt(microPerKwh) * 1000n)} coins/kWh`;
  const priceInWords = (price: SlotResult["prices"][string]) => {
    if (price === null || price === undefined)
      return totals.tradedWh === 0 ? "no trade" : "each buyer pays his bid";
    return price.buy === price.sell
      ? perKwh(price.sell)
      : `buyers pay ${perKwh(price.buy)}, sellers receive ${perKwh(price.sell)}`;
  };
  return [
    `Slot of ${slot.seconds} s from ${slot.start}: ${orders.length} orders`,
    ...Object.entries(prices).map(([node, price]) => `${node}: ${priceInWords(price)}`),
    `Among participants: ${totals.tradedWh} Wh`,
    ...trades.map(
      ({ seller, buyer, deliveredWh, amountPaidNano }) =>
        `  ${seller} to ${buyer}: ${deliveredWh} Wh for ${formatCoins(BigInt(amountPaidNano))} coins`,
    ),
    ...utilities.map(
      ({ id, boughtWh, soldWh }) => `${id}: buys ${boughtWh} Wh, sells ${soldWh} Wh`,
    ),
    `Digest: ${digest}`,
  ].join("\n");
}
