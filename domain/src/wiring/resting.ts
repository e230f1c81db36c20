import type { Site } from "./site.js";

/** Inverters' standby, transformers and meters' noise stay below, on either side of zero. */
export function restingW(site: Site): number {
  return Math.max(25, (site.pv?.peakW ?? 0) * 0.002);
}
