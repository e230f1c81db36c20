export { type Followed, followRegister } from "./follow-register.js";
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
  type SuspectedEpoch,
} from "./register-guard.js";
