import type { FabricBinaries } from "../binaries.js";
import { endorsementPolicy, type Topology } from "../topology.js";
import { retryUntil, runCommand } from "./command.js";
import type { NetworkFiles } from "./layout.js";
import { HOST, type Member } from "./render.js";

/** Until gossip has met, or Raft has a leader, Fabric refuses; after this long something else is wrong. */
const RETRY = { deadlineMs: 60_000, pauseMs: 250 };

/** The `peer` command, as each member's administrator. */
export interface Lifecycle {
  /** Has the member's peer take part in the channel. */
  joinPeer(member: Member): Promise<void>;
  /** Installs the package at the member's peer. */
  install(member: Member): Promise<void>;
  /** Approves the chaincode's definition for the member's organisation. */
  approve(member: Member, packageId: string): Promise<void>;
  /** Commits the definition that a majority has approved. */
  commit(members: readonly Member[]): Promise<void>;
}

export function lifecycle(
  binaries: FabricBinaries,
  topology: Topology,
  files: NetworkFiles,
  signal: AbortSignal,
): Lifecycle {
  const { channel, chaincode } = topology;
  const peer = (member: Member, ...args: string[]) =>
    retryUntil({ ...RETRY, signal }, () =>
      runCommand(binaries.peer, args, {
        FABRIC_CFG_PATH: member.files.peer.dir,
        FABRIC_LOGGING_SPEC: "error",
        CORE_PEER_MSPCONFIGPATH: member.files.adminMspDir,
      }),
    );
  const definition = options({
    channelID: channel,
    name: chaincode.name,
    version: chaincode.version,
    sequence: "1",
    "signature-policy": endorsementPolicy(topology),
  });
  const ordering = ({ files: own, ports }: Member) => [
    "--tls",
    ...options({ orderer: `${HOST}:${ports.orderer}`, cafile: own.tlsCaCertificate }),
  ];
  return {
    async joinPeer(member) {
      await peer(member, "channel", "join", "--blockpath", files.genesisBlock);
    },
    async install(member) {
      await peer(member, "lifecycle", "chaincode", "install", files.chaincodePackage);
    },
    async approve(member, packageId) {
      const approve = ["lifecycle", "chaincode", "approveformyorg", ...definition];
      await peer(member, ...approve, "--package-id", packageId, ...ordering(member));
    },
    async commit(members) {
      const [first] = members;
      if (!first) throw new Error("a network has members");
      const peers = members.flatMap(({ files: own, ports }) =>
        options({
          peerAddresses: `${HOST}:${ports.peer}`,
          tlsRootCertFiles: own.tlsCaCertificate,
        }),
      );
      await peer(
        first,
        "lifecycle",
        "chaincode",
        "commit",
        ...definition,
        ...peers,
        ...ordering(first),
      );
    },
  };
}

function options(values: Record<string, string>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
}
