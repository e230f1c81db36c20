export { type FabricBinaries, fabricBinaries } from "./binaries.js";
export { FabricError, type FabricErrorCode } from "./errors.js";
export type { RunningProcess } from "./network/fleet.js";
export type { KeyPair } from "./network/identities.js";
export type { ClientRegistration, Organisation } from "./network/organisation.js";
export type { Crash, ProcessKind } from "./network/process.js";
export {
  type Network,
  type NetworkAddress,
  type NetworkOptions,
  startNetwork,
} from "./network/start-network.js";
export type { OrganisationName, TopologyName } from "./topology.js";
