export { type CaptureError, type DecodedCapture, decodeCapture } from "./capture.js";
export {
  type Block,
  decode,
  encode,
  type RegisterImage,
  serialNumberOf,
  type Values,
} from "./decode.js";
export { ProfileError, type ProfileErrorCode } from "./errors.js";
export { listProfiles, loadProfile, profileIds } from "./library.js";
export { type PlannedRead, type PlanOptions, planReads } from "./plan-reads.js";
export { parseProfile } from "./profile.js";
export type { Profile, Register } from "./schema.js";
