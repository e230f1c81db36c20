/** Energy as people say it. */
export function energyText(wh: number): string {
  return wh >= 1000 ? `${(wh / 1000).toFixed(1)} kWh` : `${Math.round(wh)} Wh`;
}

export function powerText(watts: number): string {
  return Math.abs(watts) >= 1000 ? `${(watts / 1000).toFixed(1)} kW` : `${Math.round(watts)} W`;
}

/** An instant as `2026-06-01 23:30 UTC`. */
export function instantText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

export function percentText(share: number): string {
  return `${Math.round(share * 100)} %`;
}
