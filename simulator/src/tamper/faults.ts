import { phaseReversed, reversed, swapped } from "./exchange-faults.js";
import type { InjectedFault, Variant } from "./injection.js";
import { partial, scaled } from "./scale-faults.js";
import { dead, stuck } from "./standstill-faults.js";
import { storageAsSolar } from "./storage.js";
import { clockShift, replayed } from "./time-faults.js";

/** Every fault with the ways in which it shows. */
export const faultVariants: Readonly<Record<InjectedFault, readonly Variant[]>> = {
  swapped,
  reversed,
  "phase-reversed": phaseReversed,
  partial,
  scaled,
  stuck,
  dead,
  "clock-shift": clockShift,
  "storage-as-solar": storageAsSolar,
  replayed,
};

export const injectedFaults = Object.keys(faultVariants) as readonly InjectedFault[];
