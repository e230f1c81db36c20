import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OrganisationName } from "../topology.js";

/** Files of one node that authenticates with an MSP identity and a TLS certificate. */
export interface NodeFiles {
  readonly dir: string;
  readonly mspDir: string;
  readonly tlsKey: string;
  readonly tlsCertificate: string;
  readonly dataDir: string;
}

/** Where everything of one organisation stands below the network's folder. */
export interface OrganisationFiles {
  readonly dir: string;
  /** Home of the CA server; its TLS CA in `tlsca`. */
  readonly caHome: string;
  /** The organisation's MSP as the channel knows it: no keys. */
  readonly mspDir: string;
  readonly adminMspDir: string;
  readonly registrarDir: string;
  readonly caCertificate: string;
  readonly tlsCaCertificate: string;
  readonly orderer: NodeFiles;
  readonly peer: NodeFiles;
  readonly chaincode: NodeFiles;
  /** How the peer reaches its chaincode, with its key. */
  readonly chaincodeConnection: string;
}

/** Where everything of a network stands. */
export interface NetworkFiles {
  readonly dir: string;
  readonly ports: string;
  readonly processes: string;
  /** Written last: the network is complete and only needs to be started. */
  readonly complete: string;
  readonly organisations: string;
  readonly channelDir: string;
  readonly genesisBlock: string;
  readonly chaincodePackage: string;
  readonly logs: string;
  organisation(name: OrganisationName): OrganisationFiles;
}

/** Templates of Fabric's configuration files, part of this package. */
export const templatesDir = fileURLToPath(new URL("../../templates/", import.meta.url));

export function networkFiles(dir: string): NetworkFiles {
  return {
    dir,
    ports: join(dir, "ports.json"),
    processes: join(dir, "processes.json"),
    complete: join(dir, "network.json"),
    organisations: join(dir, "organisations"),
    channelDir: join(dir, "channel"),
    genesisBlock: join(dir, "channel", "genesis.block"),
    chaincodePackage: join(dir, "channel", "chaincode.tar.gz"),
    logs: join(dir, "logs"),
    organisation: (name) => organisationFiles(join(dir, "organisations", name)),
  };
}

function organisationFiles(dir: string): OrganisationFiles {
  const caHome = join(dir, "ca");
  return {
    dir,
    caHome,
    mspDir: join(dir, "msp"),
    adminMspDir: join(dir, "admin", "msp"),
    registrarDir: join(dir, "registrar"),
    caCertificate: join(caHome, "ca-cert.pem"),
    tlsCaCertificate: join(caHome, "tlsca", "ca-cert.pem"),
    orderer: nodeFiles(join(dir, "orderer")),
    peer: nodeFiles(join(dir, "peer")),
    chaincode: nodeFiles(join(dir, "chaincode")),
    chaincodeConnection: join(dir, "peer", "chaincode-connection.json"),
  };
}

function nodeFiles(dir: string): NodeFiles {
  return {
    dir,
    mspDir: join(dir, "msp"),
    tlsKey: join(dir, "tls", "key.pem"),
    tlsCertificate: join(dir, "tls", "cert.pem"),
    dataDir: join(dir, "data"),
  };
}
