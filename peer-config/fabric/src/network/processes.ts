import { join } from "node:path";
import type { FabricBinaries } from "../binaries.js";
import type { NetworkFiles } from "./layout.js";
import { isHealthy, isListening } from "./probes.js";
import type { ProcessKind, ProcessSpec } from "./process.js";
import type { Member } from "./render.js";

/** Quiet, but for what somebody should look at. */
const FABRIC_LOG = {
  FABRIC_LOGGING_SPEC: "warning",
  FABRIC_LOGGING_FORMAT:
    "%{time:2006-01-02T15:04:05.000Z07:00} %{level:.4s} [%{module}] %{message}",
};

/** How each program of a member is started, and how one sees that it serves. */
export function processSpecs(
  member: Member,
  files: NetworkFiles,
  binaries: FabricBinaries,
  chaincode: { main: string; packageId: string },
): Record<ProcessKind, ProcessSpec> {
  const { spec, files: own, ports } = member;
  const process_ = (kind: ProcessKind, rest: Omit<ProcessSpec, "name" | "kind" | "logFile">) => {
    const name = `${kind}-${spec.name}`;
    return { name, kind, logFile: join(files.logs, `${name}.log`), ...rest };
  };
  return {
    ca: process_("ca", {
      command: binaries["fabric-ca-server"],
      args: ["start", "--home", own.caHome],
      cwd: own.caHome,
      env: {},
      isReady: () => serves(ports.ca, ports.caOperations),
    }),
    orderer: process_("orderer", {
      command: binaries.orderer,
      args: ["start"],
      cwd: own.orderer.dir,
      env: { FABRIC_CFG_PATH: own.orderer.dir, ...FABRIC_LOG },
      isReady: () => serves(ports.orderer, ports.ordererOperations),
    }),
    peer: process_("peer", {
      command: binaries.peer,
      args: ["node", "start"],
      cwd: own.peer.dir,
      env: {
        FABRIC_CFG_PATH: own.peer.dir,
        CHAINCODE_CONNECTION_FILE: own.chaincodeConnection,
        ...FABRIC_LOG,
      },
      isReady: () => serves(ports.peer, ports.peerOperations),
    }),
    chaincode: process_("chaincode", {
      command: process.execPath,
      args: [chaincode.main],
      cwd: own.chaincode.dir,
      env: {
        CHAINCODE_ID: chaincode.packageId,
        CHAINCODE_SERVER_ADDRESS: `127.0.0.1:${ports.chaincode}`,
        CHAINCODE_TLS_KEY_FILE: own.chaincode.tlsKey,
        CHAINCODE_TLS_CERT_FILE: own.chaincode.tlsCertificate,
        CHAINCODE_CLIENT_CA_FILE: own.tlsCaCertificate,
        CORE_CHAINCODE_LOGGING_LEVEL: "WARNING",
      },
      isReady: () => isListening(ports.chaincode),
    }),
  };
}

async function serves(port: number, operationsPort: number): Promise<boolean> {
  return (await isListening(port)) && (await isHealthy(operationsPort));
}
