import { readFileSync } from "node:fs";
import { register } from "../ca/index.js";
import type { OrganisationName } from "../topology.js";
import { caAddress, identityOf, type KeyPair, readKeyPair } from "./identities.js";
import { HOST, type Member } from "./render.js";

/** A client to register: somebody who will enrol with a key of his own. */
export interface ClientRegistration {
  /** Enrolment id, and common name of the certificate. */
  readonly id: string;
  readonly type: "client";
  /** What the contracts will know about him. */
  readonly attributes: Readonly<Record<string, string>>;
  /** How many certificates the secret is good for. */
  readonly maxEnrollments: 1;
}

/** What others need of an organisation to enrol with its CA and to speak to its peer. */
export interface Organisation {
  readonly name: OrganisationName;
  readonly mspId: string;
  readonly caUrl: string;
  readonly caName: string;
  /** Certificate that the CA's TLS certificate chains to. */
  readonly caTlsCertificatePem: string;
  /** `host:port` of the peer's gateway. */
  readonly peerEndpoint: string;
  /** Name in the peer's TLS certificate. */
  readonly peerTlsHostname: string;
  /** TLS CA of the organisation, which made the peer's TLS certificate. */
  readonly tlsRootCertificatePem: string;
  readonly admin: KeyPair;
  /** May register clients at the CA and revoke their certificates. */
  readonly registrar: KeyPair;
  /**
   * Registers a client at the CA.
   * @returns the one-time secret to enrol with
   * @throws FabricError `fabric.ca-identity-exists`, `fabric.ca-refused`, `fabric.ca-unavailable`
   */
  register(client: ClientRegistration): Promise<string>;
}

export function openOrganisation(member: Member): Organisation {
  const { spec, files, ports } = member;
  const ca = caAddress(member);
  const registrar = readKeyPair(files.registrarDir);
  return {
    name: spec.name,
    mspId: spec.mspId,
    caUrl: ca.url,
    caName: ca.caName,
    caTlsCertificatePem: ca.tlsCertificatePem,
    peerEndpoint: `${HOST}:${ports.peer}`,
    peerTlsHostname: HOST,
    tlsRootCertificatePem: readFileSync(files.tlsCaCertificate, "utf8"),
    admin: readKeyPair(files.adminMspDir),
    registrar,
    register: ({ id, type, attributes, maxEnrollments }) =>
      register({ ...ca, id, type, attributes, maxEnrollments }, identityOf(registrar)),
  };
}
