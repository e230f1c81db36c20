import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { OrganisationSpec, Topology } from "../topology.js";
import { writePrivate } from "./files.js";
import { type NetworkFiles, type OrganisationFiles, templatesDir } from "./layout.js";
import type { OrganisationPorts, Ports } from "./ports.js";

/** One organisation with its place on this machine. */
export interface Member {
  readonly spec: OrganisationSpec;
  readonly files: OrganisationFiles;
  readonly ports: OrganisationPorts;
}

export const HOST = "localhost";
const LISTEN = "127.0.0.1";

/** Name of the organisation's CA for identities, and of that for TLS certificates. */
export const caName = ({ name }: OrganisationSpec): string => `ca-${name}`;
export const tlsCaName = ({ name }: OrganisationSpec): string => `tlsca-${name}`;

type Tree = { [key: string]: unknown };

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `changes` laid over `base`; maps are merged, everything else is replaced. */
export function overlay(base: Tree, changes: Tree): Tree {
  const merged = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const below = merged[key];
    merged[key] = isTree(below) && isTree(value) ? overlay(below, value) : value;
  }
  return merged;
}

function template(name: string, changes: Tree): string {
  const base: unknown = parse(readFileSync(join(templatesDir, name), "utf8"));
  return stringify(overlay(isTree(base) ? base : {}, changes), { lineWidth: 0 });
}

/** core.yaml of the member's peer. `allTlsCas` are needed to reach the other organisations' peers and orderers. */
export function renderPeer({ spec, files, ports }: Member): string {
  const { peer } = files;
  return template("core.yaml", {
    peer: {
      id: `peer-${spec.name}`,
      address: `${HOST}:${ports.peer}`,
      listenAddress: `${LISTEN}:${ports.peer}`,
      // Only Docker chaincode would dial it; any free port.
      chaincodeListenAddress: `${LISTEN}:0`,
      localMspId: spec.mspId,
      mspConfigPath: peer.mspDir,
      fileSystemPath: peer.dataDir,
      gossip: { bootstrap: `${HOST}:${ports.peer}`, externalEndpoint: `${HOST}:${ports.peer}` },
      tls: {
        cert: { file: peer.tlsCertificate },
        key: { file: peer.tlsKey },
        rootcert: { file: files.tlsCaCertificate },
      },
    },
    chaincode: {
      externalBuilders: [
        {
          name: "ccaas",
          path: join(templatesDir, "ccaas-builder"),
          propagateEnvironment: ["CHAINCODE_CONNECTION_FILE"],
        },
      ],
    },
    ledger: { snapshots: { rootDir: join(peer.dataDir, "snapshots") } },
    operations: { listenAddress: `${LISTEN}:${ports.peerOperations}` },
  });
}

/** orderer.yaml of the member's orderer; it trusts the TLS CAs of all orderers of the cluster. */
export function renderOrderer(
  { spec, files, ports }: Member,
  allTlsCas: readonly string[],
): string {
  const { orderer } = files;
  const tls = { PrivateKey: orderer.tlsKey, Certificate: orderer.tlsCertificate };
  return template("orderer.yaml", {
    General: {
      ListenAddress: LISTEN,
      ListenPort: ports.orderer,
      LocalMSPID: spec.mspId,
      LocalMSPDir: orderer.mspDir,
      TLS: { ...tls, RootCAs: [files.tlsCaCertificate] },
      Cluster: {
        ClientCertificate: orderer.tlsCertificate,
        ClientPrivateKey: orderer.tlsKey,
        RootCAs: allTlsCas,
      },
    },
    FileLedger: { Location: join(orderer.dataDir, "ledger") },
    Consensus: {
      WALDir: join(orderer.dataDir, "raft", "wal"),
      SnapDir: join(orderer.dataDir, "raft", "snapshots"),
    },
    Operations: { ListenAddress: `${LISTEN}:${ports.ordererOperations}` },
    Admin: {
      ListenAddress: `${LISTEN}:${ports.ordererAdmin}`,
      TLS: { ...tls, ClientRootCAs: [files.tlsCaCertificate] },
    },
  });
}

/** Configuration of the member's CA server: the CA for identities, and that for TLS in the same process. */
export function renderCa(member: Member, registrarSecret: string): { ca: string; tlsCa: string } {
  const { spec, ports } = member;
  const shared = (name: string) => ({
    ca: { name },
    affiliations: { [spec.name]: [] },
    csr: { cn: name, names: [{ O: spec.mspId }] },
  });
  return {
    ca: template("fabric-ca-server.yaml", {
      ...shared(caName(spec)),
      address: LISTEN,
      port: ports.ca,
      tls: { enabled: true },
      // The TLS CA takes the registrar from here too: what its own file leaves out is copied.
      registry: { identities: [registrar(registrarSecret)] },
      cafiles: [join("tlsca", "fabric-ca-server-config.yaml")],
      operations: { listenAddress: `${LISTEN}:${ports.caOperations}` },
    }),
    tlsCa: template("fabric-ca-server.yaml", shared(tlsCaName(spec))),
  };
}

export const REGISTRAR_ID = "registrar";

function registrar(secret: string): Tree {
  return {
    name: REGISTRAR_ID,
    pass: secret,
    type: "client",
    affiliation: "",
    maxenrollments: 1,
    attrs: {
      "hf.Registrar.Roles": "*",
      "hf.Registrar.DelegateRoles": "*",
      "hf.Registrar.Attributes": "*",
      "hf.Revoker": true,
      "hf.GenCRL": true,
      "hf.AffiliationMgr": true,
    },
  };
}

/** configtx.yaml: the channel's first block names every organisation, its orderer and its peer. */
export function renderConfigtx(members: readonly Member[]): string {
  const organisations = members.map(({ spec, files, ports }) => ({
    Name: spec.mspId,
    ID: spec.mspId,
    MSPDir: files.mspDir,
    Policies: organisationPolicies(spec.mspId),
    OrdererEndpoints: [`${HOST}:${ports.orderer}`],
    // Without anchors no organisation learns of the others' peers, and nothing can be endorsed by two.
    AnchorPeers: [{ Host: HOST, Port: ports.peer }],
  }));
  const consenters = members.map(({ files, ports }) => ({
    Host: HOST,
    Port: ports.orderer,
    ClientTLSCert: files.orderer.tlsCertificate,
    ServerTLSCert: files.orderer.tlsCertificate,
  }));
  return template("configtx.yaml", {
    Profiles: {
      Neighbourhood: {
        Orderer: { Organizations: organisations, EtcdRaft: { Consenters: consenters } },
        Application: { Organizations: organisations },
      },
    },
  });
}

function organisationPolicies(mspId: string): Tree {
  const signature = (...roles: string[]) => ({
    Type: "Signature",
    Rule: `OR(${roles.map((role) => `'${mspId}.${role}'`).join(",")})`,
  });
  return {
    Readers: signature("admin", "peer", "client", "orderer"),
    Writers: signature("admin", "client"),
    Admins: signature("admin"),
    Endorsement: signature("peer"),
    BlockSigners: signature("orderer"),
  };
}

/** config.yaml of an MSP: which organisational unit makes whom a client, peer, administrator or orderer. */
export function renderNodeOus(): string {
  const unit = (name: string) => ({
    Certificate: "cacerts/ca.pem",
    OrganizationalUnitIdentifier: name,
  });
  return stringify({
    NodeOUs: {
      Enable: true,
      ClientOUIdentifier: unit("client"),
      PeerOUIdentifier: unit("peer"),
      AdminOUIdentifier: unit("admin"),
      OrdererOUIdentifier: unit("orderer"),
    },
  });
}

/** connection.json that the peer's external builder hands over: mutual TLS with the peer's own TLS certificate. */
export function renderChaincodeConnection({ files, ports }: Member): string {
  const read = (file: string) => readFileSync(file, "utf8");
  return JSON.stringify({
    address: `${HOST}:${ports.chaincode}`,
    dial_timeout: "5s",
    tls_required: true,
    client_auth_required: true,
    client_key: read(files.peer.tlsKey),
    client_cert: read(files.peer.tlsCertificate),
    root_cert: read(files.tlsCaCertificate),
  });
}

/** Joins topology, ports and folders. */
export function membersOf(topology: Topology, ports: Ports, files: NetworkFiles): Member[] {
  return topology.organisations.map((spec) => {
    const own = ports[spec.name];
    if (!own) throw new Error(`no ports were chosen for ${spec.name}`);
    return { spec, files: files.organisation(spec.name), ports: own };
  });
}

/** Writes the configuration of peer and orderer anew: the template may have changed since the last start. */
export function writeNodeConfiguration(members: readonly Member[]): void {
  const tlsCas = members.map(({ files }) => files.tlsCaCertificate);
  for (const member of members) {
    writePrivate(join(member.files.peer.dir, "core.yaml"), renderPeer(member));
    writePrivate(join(member.files.orderer.dir, "orderer.yaml"), renderOrderer(member, tlsCas));
  }
}
