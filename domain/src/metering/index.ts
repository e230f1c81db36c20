export { closeEpoch, fromOpening, openEpoch } from "./epoch-intervals.js";
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
  confirmedEvent,
  type EpochEnd,
  type EpochReason,
  type EpochStep,
  epochEnd,
  epochReason,
  epochStepOf,
  type MeterEpoch,
  meterEpoch,
  nextEpochId,
  serialMeterOf,
  suspectedEvents,
  withdrawnEvent,
} from "./meter-epoch.js";
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
