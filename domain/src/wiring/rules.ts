import { dayShape } from "./day-shape.js";
import { derivedConsumption } from "./derived-consumption.js";
import { energyBalance } from "./energy-balance.js";
import { exchange } from "./exchange.js";
import { importExportSign } from "./import-export-sign.js";
import { nightProduction } from "./night-production.js";
import type { Rule } from "./types.js";
import { voltageResponse } from "./voltage-response.js";

/** All rules that look at one household's rows, in no particular order. */
export const wiringRules: readonly Rule[] = [
  nightProduction,
  dayShape,
  exchange,
  importExportSign,
  energyBalance,
  derivedConsumption,
  voltageResponse,
];

/** Those that have to find a placement right before it counts as proven. */
export const placementProofs: readonly Rule[] = [nightProduction, dayShape, importExportSign];
