export {
  type GoodReading,
  type IntervalOptions,
  type IntervalState,
  intervalState,
  newIntervals,
  nextInterval,
  sealInterval,
  type UnsealedInterval,
} from "./interval-builder.js";
export {
  type GuardLimits,
  type GuardState,
  type GuardVerdict,
  guardNext,
  guardReading,
  guardState,
  type MeteredRegisters,
  meteredRegisters,
  newGuard,
} from "./register-guard.js";
