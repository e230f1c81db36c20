import { nightProduction } from "./night-production.js";
import type { Rule } from "./types.js";

/** All rules that look at one household's rows, in no particular order. */
export const wiringRules: readonly Rule[] = [nightProduction];

/** Those that have to find a placement right before it counts as proven. */
export const placementProofs: readonly Rule[] = [nightProduction];
