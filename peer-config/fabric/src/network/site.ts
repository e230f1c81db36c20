import type { FabricBinaries } from "../binaries.js";
import type { Topology } from "../topology.js";
import type { Fleet } from "./fleet.js";
import type { NetworkFiles } from "./layout.js";
import type { ChaincodePackage } from "./package.js";
import type { Member } from "./render.js";

/** One network on this machine: what the steps of bringing it up share. */
export interface Site {
  readonly topology: Topology;
  readonly files: NetworkFiles;
  readonly members: readonly Member[];
  readonly binaries: FabricBinaries;
  readonly fleet: Fleet;
  readonly chaincodePackage: ChaincodePackage;
  /** Given when the network is to stop before it is up. */
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
  /** Told when the CAs answer and all identities are there. */
  readonly onIdentities: () => void;
}
