import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { CodedError } from "@powershare/domain/errors";
import type { NetworkAddress, Organisation } from "@powershare/fabric";
import type { Maker } from "node-tpm2/testing";
import { stringify } from "yaml";
import { Child, waitFor } from "./child.js";
import { operatorAttributes, utilityId } from "./operator-desk.js";
import { freePort } from "./ports.js";
import { enrolSoftwareClient } from "./software-client.js";

const program = fileURLToPath(
  new URL("../../provisioning/registrar/bin/powershare-registrar.js", import.meta.url),
);
/** Any: neighbourhoods that start at the same moment would all take a preferred one for free. */
const anyPort = 0;
const startsWithinMs = 30_000;

export interface RegistrarOptions {
  /** Only its CAs need to answer yet. */
  readonly network: NetworkAddress;
  /** Prefix of its identities, new on the network. */
  readonly name: string;
  /** The simulated maker of the households' chips. */
  readonly maker: Maker;
  /** For its state, certificates and log. */
  readonly directory: string;
}

/** What the operator decides about a request. */
export interface Decision {
  readonly id: string;
  readonly code: string;
  readonly participant: string;
  readonly source: string;
}

/** The operator's registrar as a process, and the operator in front of it. */
export class RegistrarProcess {
  readonly url: string;
  /** File with the certificate that its TLS certificate chains to. */
  readonly caFile: string;
  /** File with the operator's token. */
  readonly tokenFile: string;
  readonly #child: Child;
  readonly #token: string;
  readonly #ca: string;

  /** @throws CodedError `simulator.process-failed` with its log's name */
  static async start(options: RegistrarOptions): Promise<RegistrarProcess> {
    const directory = join(options.directory, "registrar");
    mkdirSync(join(directory, "makers"), { recursive: true, mode: 0o700 });
    const port = await freePort(anyPort);
    const configFile = join(directory, "registrar.yaml");
    writeFileSync(configFile, stringify(await configuration(options, directory, port)), {
      mode: 0o600,
    });
    const logFile = join(directory, "registrar.log");
    const child = await Child.start({
      name: "registrar",
      command: process.execPath,
      args: [program, "--config", configFile],
      logFile,
    });
    const listens = () => {
      if (!child.running) throw failed(`registrar ended: ${readFileSync(logFile, "utf8").trim()}`);
      return readFileSync(logFile, "utf8").includes("listening") || undefined;
    };
    await waitFor(`registrar, see ${logFile}`, listens, { withinMs: startsWithinMs, everyMs: 20 });
    return new RegistrarProcess(child, directory, port);
  }

  private constructor(child: Child, directory: string, port: number) {
    this.#child = child;
    this.url = `https://localhost:${port}`;
    this.caFile = join(directory, "ca.pem");
    this.#ca = readFileSync(this.caFile, "utf8");
    this.tokenFile = join(directory, "data", "operators", "operator.token");
    this.#token = readFileSync(this.tokenFile, "utf8").trim();
  }

  get child(): Child {
    return this.#child;
  }

  /** Approves a request whose code the installer read out. */
  async approve({ id, ...decision }: Decision): Promise<void> {
    const body = { ...decision, node: "root", utility: utilityId };
    const options = {
      method: "POST",
      ca: this.#ca,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      signal: AbortSignal.timeout(60_000),
    };
    const [status, answer] = await new Promise<[number, string]>((resolve, reject) => {
      const url = `${this.url}/api/operator/enrolments/${id}/approve`;
      const outgoing = httpsRequest(url, options, (incoming) => {
        text(incoming).then((read) => resolve([incoming.statusCode ?? 0, read]), reject);
      });
      outgoing.once("error", reject);
      outgoing.end(JSON.stringify(body));
    });
    if (status !== 200)
      throw failed(`the registrar did not approve ${decision.participant}: ${answer}`);
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }
}

async function configuration(options: RegistrarOptions, directory: string, port: number) {
  const { network, name, maker } = options;
  const { community, operator } = network.organisations;
  const file = (path: string, content: string): string => {
    writeFileSync(join(directory, path), content, { mode: 0o600 });
    return path;
  };
  const [tls, client] = await Promise.all([
    enrolSoftwareClient(operator, { id: `${name}-tls`, hosts: ["localhost", "127.0.0.1"] }),
    enrolSoftwareClient(operator, {
      id: `${name}-client`,
      attributes: operatorAttributes(network.channel),
    }),
  ]);
  file("ca.pem", operator.caTlsCertificatePem);
  file(join("makers", "simulated-maker.pem"), maker.certificatePem);
  const { channel, chaincode } = network;
  const place = ({
    mspId,
    peerEndpoint,
    peerTlsHostname,
    tlsRootCertificatePem,
  }: Organisation) => ({
    endpoint: peerEndpoint,
    tlsHostname: peerTlsHostname,
    tlsRootCertificate: file(`${mspId}-peer-tls.pem`, tlsRootCertificatePem),
    mspId,
    channel,
    chaincode,
  });
  return {
    url: `https://localhost:${port}`,
    listen: { host: "127.0.0.1", port },
    tls: {
      key: file("tls-key.pem", tls.privateKeyPem),
      certificate: file("tls.pem", tls.certificatePem),
    },
    dataDir: "data",
    microgrid: channel,
    operators: ["operator"],
    makers: { folder: "makers" },
    ca: {
      url: community.caUrl,
      name: community.caName,
      tlsCertificate: file("community-ca.pem", community.caTlsCertificatePem),
      certificate: file("ca-registrar.pem", community.registrar.certificatePem),
      key: file("ca-registrar-key.pem", community.registrar.privateKeyPem),
    },
    network: place(community),
    ledger: {
      ...place(operator),
      certificate: file("client.pem", client.certificatePem),
      key: file("client-key.pem", client.privateKeyPem),
    },
    // A demo's certificates are all new; whoever wants to see a renewal may.
    limits: { requestsPerMinute: 300, callsPerMinute: 10_000, renewFromDays: 366 },
  };
}

function failed(message: string): CodedError {
  return new CodedError("simulator.process-failed", message);
}
