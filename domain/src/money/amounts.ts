/**
 * What energy costs: Wh × micro-coin per kWh is nano-coin exactly, so a trade never rounds.
 *
 * @param energyWh - safe integer
 * @param priceMicroPerKwh - safe integer
 * @returns nano-coin
 * @throws RangeError where an argument has a fraction
 */
export function amountNano(energyWh: number, priceMicroPerKwh: number): bigint {
  return BigInt(energyWh) * BigInt(priceMicroPerKwh);
}

const nanoPerMicro = 1_000n;
const microPerUnit = 1_000_000n;

/** Coins for people, e.g. `1.234567`: cut, not rounded, below a micro-coin, so never more than there is. */
export function formatCoins(nano: bigint): string {
  return fixed(nano / nanoPerMicro, 6);
}

/** Cash for people, e.g. `12.34 EUR`: cut, not rounded, below a hundredth. */
export function formatCash(micro: bigint, currency: string): string {
  return `${fixed(micro / (microPerUnit / 100n), 2)} ${currency}`;
}

function fixed(scaled: bigint, decimals: number): string {
  const sign = scaled < 0n ? "-" : "";
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(decimals + 1, "0");
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
