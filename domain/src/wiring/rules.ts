import { channelScale } from "./channel-scale.js";
import { clearSkyCap } from "./clear-sky-cap.js";
import { clockShift } from "./clock-shift.js";
import { dayShape } from "./day-shape.js";
import { dead } from "./dead.js";
import { derivedConsumption } from "./derived-consumption.js";
import { energyBalance } from "./energy-balance.js";
import { exchange } from "./exchange.js";
import { importExportSign } from "./import-export-sign.js";
import { neighbourRatio } from "./neighbours.js";
import { nightProduction } from "./night-production.js";
import { phaseSign } from "./phases.js";
import { stuck } from "./stuck.js";
import type { Rule } from "./types.js";
import { voltageResponse } from "./voltage-response.js";

/** All rules that look at one household's rows, in no particular order. */
export const wiringRules: readonly Rule[] = [
  nightProduction,
  dayShape,
  clearSkyCap,
  exchange,
  importExportSign,
  energyBalance,
  derivedConsumption,
  voltageResponse,
  phaseSign,
  stuck,
  dead,
  clockShift,
  channelScale,
  neighbourRatio,
];

/** Those that have to find a placement right before it counts as proven. */
export const placementProofs: readonly Rule[] = [nightProduction, dayShape, importExportSign];
