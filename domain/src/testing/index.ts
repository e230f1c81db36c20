export { recordEvidence } from "./record-evidence.js";
export {
  type SigningCrypto,
  TestDevice,
  TestHousehold,
  type TestHouseholdOptions,
  type TestKey,
  type TestMeter,
  testAttributes,
  testKey,
  testPublicArea,
} from "./test-household.js";
