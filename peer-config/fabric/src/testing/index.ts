import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fabricBinaries } from "../binaries.js";
import { type CaAddress, createCsr, enroll } from "../ca/index.js";
import { writePrivate } from "../network/files.js";
import { caAddress, type KeyPair } from "../network/identities.js";
import { networkFiles } from "../network/layout.js";
import { loadPorts } from "../network/ports.js";
import { ManagedProcess } from "../network/process.js";
import { processSpecs } from "../network/processes.js";
import { membersOf, REGISTRAR_ID, renderCa } from "../network/render.js";
import { topologies } from "../topology.js";

/** A real Fabric CA of one test, without a network, and the identity that may register others with it. */
export interface RunningCa {
  readonly ca: CaAddress;
  readonly registrar: KeyPair;
  readonly registrarSecret: string;
  stop(): Promise<void>;
}

export { REGISTRAR_ID } from "../network/render.js";

/** Starts the CA of the topology's first organisation in a folder of its own. */
export async function startCa(): Promise<RunningCa> {
  const dir = mkdtempSync(join(tmpdir(), "powershare-ca-"));
  const registrarSecret = "s3cret";
  const files = networkFiles(dir);
  const topology = topologies.neighbourhood;
  const ports = await loadPorts(
    files.ports,
    topology.organisations.map(({ name }) => name),
  );
  const [member] = membersOf(topology, ports, files);
  if (!member) throw new Error("the topology has a member");
  const rendered = renderCa(member, registrarSecret);
  const { caHome } = member.files;
  writePrivate(join(caHome, "fabric-ca-server-config.yaml"), rendered.ca);
  writePrivate(join(caHome, "tlsca", "fabric-ca-server-config.yaml"), rendered.tlsCa);
  const chaincode = { main: "unused", packageId: "unused" };
  const specs = processSpecs(member, files, fabricBinaries(), chaincode);
  const server = new ManagedProcess(specs.ca, () => undefined);
  server.start();
  await server.ready(30_000);
  const ca = caAddress(member);
  return {
    ca,
    registrar: await enrolRegistrar(ca, registrarSecret),
    registrarSecret,
    async stop() {
      await server.stop({ signal: "SIGTERM", graceMs: 5_000 });
      rmSync(dir, { recursive: true });
    },
  };
}

async function enrolRegistrar(ca: CaAddress, secret: string): Promise<KeyPair> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const csrPem = await createCsr({
    commonName: REGISTRAR_ID,
    publicKeySpki: publicKey.export({ type: "spki", format: "der" }),
    sign: (tbs) => Promise.resolve(sign("sha256", tbs, privateKey)),
  });
  const { certificatePem } = await enroll({ ...ca, id: REGISTRAR_ID, secret, csrPem });
  return {
    certificatePem,
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}
