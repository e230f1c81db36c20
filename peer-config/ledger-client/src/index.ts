export type { Pace } from "./backoff.js";
export type {
  LedgerClient,
  Outcome,
  PreparedTransaction,
  PrepareOptions,
  TransactOptions,
} from "./client.js";
export { connectLedger, type LedgerOptions } from "./connect.js";
export { LedgerError } from "./errors.js";
export type { ChaincodeEvent, EventCheckpoint } from "./event-stream.js";
export type { ProjectedHeldSale, ProjectedPlacement } from "./placement-tables.js";
export {
  LedgerProjection,
  type ProjectedSlot,
  type ProjectedTrade,
  type ProjectedWallet,
} from "./projection.js";
export { softwareSigner } from "./software-signer.js";
