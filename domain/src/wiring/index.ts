export {
  addInterval,
  type EvidenceContext,
  type EvidenceRule,
  type EvidenceVerdict,
  emptyTally,
  evidenceRuleFamily,
  judgeTally,
  type TalliedInterval,
  type Tally,
} from "./evidence-rules.js";
export { liveRules } from "./house-balance.js";
export { lightAt, solarMs } from "./light.js";
export { placementProofs, wiringRules } from "./rules.js";
export {
  SignTest,
  type SignTestOptions,
  type SignTestPart,
  type SignTestResult,
  signTestLeastW,
} from "./sign-test.js";
export { type SignTestRecord, signTestFile, signTestRecord } from "./sign-test-record.js";
export {
  type MeterPhase,
  type SignTestFault,
  type SignTestMeter,
  type SignTestSample,
  type SignTestState,
  signTestState,
} from "./sign-test-types.js";
export { type Channel, channel, type Site, site } from "./site.js";
export {
  type Column,
  columns,
  type Fault,
  type Finding,
  fault,
  type Judgement,
  type NeighbourProduction,
  type PlacementEpoch,
  type Row,
  type Rule,
  type RuleFamily,
  type RuleRun,
  ruleFamily,
  type Verdict,
  verdict,
  type WrongFinding,
} from "./types.js";
export { voltageResponse } from "./voltage-response.js";
export { type WiringWatch, watchWiring } from "./watch.js";
export { type WiringSettings, wiringSettings } from "./wiring-settings.js";
