import type { Measured, Settlement } from "./types.js";

/**
 * What must hold of every settlement whatever went in; a breach is a fault of this program, never of its input.
 *
 * @throws Error whose message begins with `invariant:`
 */
export function assertSettled(
  { trades, dues, energy }: Settlement,
  measured: readonly Measured[],
): void {
  const attributable = new Set(
    measured.flatMap((one) => (one.attributable ? [one.participant] : [])),
  );
  for (const { seller, buyer, kind, contractedWh, deliveredWh } of trades) {
    const pair = `${seller} to ${buyer}`;
    hold(seller !== buyer, `${pair}: traded with itself`);
    hold(deliveredWh >= 0, `${pair}: delivered ${deliveredWh} Wh`);
    hold(kind === "surplus" || deliveredWh <= contractedWh, `${pair}: more than contracted`);
    hold(
      deliveredWh === 0 || (attributable.has(seller) && attributable.has(buyer)),
      `${pair}: delivered without attributable evidence`,
    );
  }
  for (const { participant, exportWh, soldWh, fedInWh, importWh, boughtWh, retailWh } of energy) {
    hold(exportWh === soldWh + fedInWh, `${participant}: export is not sold and fed in`);
    hold(importWh === boughtWh + retailWh, `${participant}: import is not bought and retail`);
    hold(Math.min(soldWh, fedInWh, boughtWh, retailWh) >= 0, `${participant}: negative energy`);
  }
  const deliveredWh = trades.reduce((sum, trade) => sum + trade.deliveredWh, 0);
  hold(
    energy.reduce((sum, { soldWh }) => sum + soldWh, 0) === deliveredWh,
    "sold is not what was delivered",
  );
  hold(
    energy.reduce((sum, { boughtWh }) => sum + boughtWh, 0) === deliveredWh,
    "bought is not what was delivered",
  );
  for (const { from, to, amountNano } of dues) {
    hold(BigInt(amountNano) > 0n, `${from} owes ${to} ${amountNano}`);
  }
}

function hold(condition: boolean, what: string): void {
  if (!condition) throw new Error(`invariant: ${what}`);
}
