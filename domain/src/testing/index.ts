export { flipped, type Random } from "./attack-edits.js";
export { otherHalf } from "./attack-forgeries.js";
export { type AttackScene, attackScene } from "./attack-scene.js";
export { type AttackName, attackFamilies } from "./attacks.js";
export { recordEvidence } from "./record-evidence.js";
export { seeded } from "./seeded.js";
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
export { type AttackCount, attackFile, attackLine, refusalOf, tryAttacks } from "./try-attacks.js";
