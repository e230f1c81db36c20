import { dayShape } from "./day-shape.js";
import { exchange } from "./exchange.js";
import { nightProduction } from "./night-production.js";
import type { Rule } from "./types.js";

/** All rules that look at one household's rows, in no particular order. */
export const wiringRules: readonly Rule[] = [nightProduction, dayShape, exchange];

/** Those that have to find a placement right before it counts as proven. */
export const placementProofs: readonly Rule[] = [nightProduction, dayShape];
