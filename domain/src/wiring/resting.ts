import type { Site } from "./site.js";

/** Inverters' standby, transformers and meters' noise stay below, on either side of zero. */
export function restingW(site: Site): number {
  return Math.max(25, (site.pv?.peakW ?? 0) * 0.002);
}

/** Whether a house may take nothing from the grid all night, and its meters look exchanged, because it lives on declared storage. */
export function livesOnStorage(site: Site): boolean {
  return site.storage !== "none" && !site.channels.includes("consumption");
}
