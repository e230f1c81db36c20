export { placementProofs, wiringRules } from "./rules.js";
export {
  type MeterPhase,
  SignTest,
  type SignTestFault,
  type SignTestMeter,
  type SignTestOptions,
  type SignTestPart,
  type SignTestResult,
  type SignTestSample,
  type SignTestState,
  signTestLeastW,
} from "./sign-test.js";
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
  type Verdict,
  verdict,
  type WrongFinding,
} from "./types.js";
export { type WiringWatch, watchWiring } from "./watch.js";
