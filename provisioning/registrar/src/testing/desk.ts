import { createHash, scrypt, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Approval, EnrolmentRequest, EnrolmentTicket } from "@powershare/domain/enrolment";
import { type Maker, simulatedMaker } from "node-tpm2/testing";
import { configSchema } from "../config.js";
import { extensionsOf } from "../extensions.js";
import type { OperatorLedger } from "../ledger.js";
import type { Makers } from "../makers.js";
import { Operators } from "../operators.js";
import { Registrar } from "../registrar.js";
import type { RandomBytes } from "../secrets.js";
import { openStore } from "../store.js";
import { SimulatedCa } from "./simulated-ca.js";
import { SoftDevice } from "./soft-device.js";

/** The makers of a folder with these certificates; roots first. */
export function makersOf(roots: readonly Maker[], between: readonly Maker[] = []): Makers {
  const authority = ({ certificate }: Maker) => {
    const x509 = new X509Certificate(certificate);
    return { certificate: x509, extensions: extensionsOf(x509) };
  };
  return { roots: roots.map(authority), between: between.map(authority) };
}

/** Bytes that look random and are the same in each run of a seed. */
export function seededBytes(seed: string): RandomBytes {
  let count = 0;
  return (size) => {
    count += 1;
    return createHash("shake256", { outputLength: size }).update(`${seed} ${count}`).digest();
  };
}

export interface DeskOptions {
  /** Folder of a store that is to outlive this registrar. */
  readonly folder?: string;
  readonly policy?: "require" | "operator-decides";
  readonly limits?: Partial<ReturnType<typeof limitsOf>>;
  readonly ledger?: OperatorLedger;
  readonly ca?: SimulatedCa;
  readonly seed?: string;
}

const limitsOf = () => configSchema.shape.limits.parse({});
const maker = simulatedMaker("Simulated maker");

/** A registrar with a store, a simulated CA and a clock that stands still until it is set. */
export class Desk {
  readonly maker = maker;
  readonly ca: SimulatedCa;
  readonly registrar: Registrar;
  readonly operators: Operators;
  now = new Date("2026-06-01T12:00:00Z");
  readonly #store: ReturnType<typeof openStore>;
  readonly #folder: string;
  readonly #isKept: boolean;

  constructor(options: DeskOptions = {}) {
    const { policy = "require", ledger, seed = "desk" } = options;
    this.#folder = options.folder ?? mkdtempSync(join(tmpdir(), "desk-"));
    this.#isKept = options.folder !== undefined;
    const now = () => this.now;
    const random = seededBytes(seed);
    this.ca = options.ca ?? new SimulatedCa(now);
    this.#store = openStore(join(this.#folder, "registrar.db"));
    this.operators = new Operators(this.#store, now, random);
    this.registrar = new Registrar({
      store: this.#store,
      makers: makersOf([maker]),
      policy,
      ca: this.ca,
      ledger,
      microgrid: "test-grid",
      network: {
        endpoint: "peer.example.org:7051",
        tlsHostname: "peer.example.org",
        tlsRootCertificatePem: maker.certificatePem,
        mspId: "CommunityMSP",
        channel: "test-grid",
        chaincode: "powershare",
      },
      limits: { ...limitsOf(), ...options.limits },
      now,
      random,
      // The code's cost is for attackers; tests take the cheap one.
      scrypt: (password, salt, bytes, options, done) =>
        scrypt(password, salt, bytes, { ...options, N: 2 }, done),
    });
  }

  device(label: string): SoftDevice {
    return new SoftDevice(label, maker);
  }

  close(): void {
    this.#store.close();
    if (!this.#isKept) rmSync(this.#folder, { recursive: true });
  }

  /** As the operator does who got the code read out. */
  async approve(
    { id, code }: Pick<EnrolmentTicket, "id" | "code">,
    participant: string,
    changes: Partial<Approval> = {},
  ) {
    return await this.registrar.approve(
      id,
      { ...approvalOf(participant, code), ...changes },
      "ana",
    );
  }

  /** Request, approval, certificate. */
  async enrol(
    device: SoftDevice,
    participant: string,
    request: EnrolmentRequest = device.request(),
  ) {
    const ticket = await this.registrar.submit(request);
    await this.approve(ticket, participant);
    const secret = this.ca.secretOf(participant);
    const csrPem = await device.csr(participant);
    const certificate = await this.registrar.certify(ticket.id, { secret, csrPem });
    return { ticket, secret, csrPem, certificate };
  }
}

export function approvalOf(participant: string, code: string): Approval {
  return {
    code,
    participant,
    node: "root",
    utility: "grid-co",
    source: "green",
    unknownMaker: false,
    withoutHousehold: false,
  };
}
