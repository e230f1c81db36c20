export {
  type BusPlan,
  type BusPlanOptions,
  busPlan,
  type MeterTime,
  timeOfReads,
} from "./bus-plan.js";
export {
  type CaptureError,
  captureResultSchema,
  type DecodedCapture,
  decodeCapture,
} from "./capture.js";
export { decode, isExpected, serialNumberOf, type Values } from "./decode.js";
export { type EncodeOptions, encode, type RegisterImage } from "./encode.js";
export { ProfileError, type ProfileErrorCode } from "./errors.js";
export { listProfiles, loadProfile, profileIds, profileText } from "./library.js";
export { type PlannedRead, type PlanOptions, planReads } from "./plan-reads.js";
export { parseProfile } from "./profile.js";
export { profileSchema, type Table } from "./schema.js";
export { type ReadRegisters, resolveProfile, withAssumedModels } from "./sunspec.js";
export type { Block, Factor, Profile, Register } from "./types.js";
