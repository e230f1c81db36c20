import { type ChildProcess, spawn } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createCsr, enroll, register } from "@powershare/fabric/ca";
import { type RunningCa, startCa } from "@powershare/fabric/testing";
import { type Maker, simulatedMaker } from "node-tpm2/testing";

const program = fileURLToPath(
  new URL("../../registrar/bin/powershare-registrar.js", import.meta.url),
);

/** A registrar's process with a real CA behind it; devices' chips are certified by `maker`. */
export interface RunningRegistrar {
  readonly url: string;
  readonly caFile: string;
  readonly tokenFile: string;
  readonly folder: string;
  readonly maker: Maker;
  readonly ca: RunningCa;
  /** What it wrote to its log so far. */
  log(): string;
  /** Ends it without a goodbye, and starts it again on its files. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRegistrar(): Promise<RunningRegistrar> {
  const folder = mkdtempSync(join(tmpdir(), "registrar-"));
  const ca = await startCa();
  const maker = simulatedMaker("Test maker");
  const port = await freePort();
  const at = (name: string) => join(folder, name);
  const write = (name: string, content: string): string => {
    writeFileSync(at(name), content, { mode: 0o600 });
    return name;
  };
  mkdirSync(at("makers"));
  write("makers/maker.pem", maker.certificatePem);
  const caFile = write("ca.pem", ca.ca.tlsCertificatePem);
  const tls = await tlsOf(ca);
  const place = {
    endpoint: "localhost:7051",
    tlsHostname: "localhost",
    tlsRootCertificate: caFile,
  };
  const config = {
    url: `https://localhost:${port}`,
    listen: { host: "127.0.0.1", port },
    tls: { key: write("tls-key.pem", tls.key), certificate: write("tls.pem", tls.certificate) },
    dataDir: "data",
    microgrid: "test-grid",
    operators: ["ana"],
    makers: { folder: "makers" },
    ca: {
      url: ca.ca.url,
      name: ca.ca.caName,
      tlsCertificate: caFile,
      certificate: write("ca-registrar.pem", ca.registrar.certificatePem),
      key: write("ca-registrar-key.pem", ca.registrar.privateKeyPem),
    },
    network: { ...place, mspId: "CommunityMSP", channel: "test-grid", chaincode: "powershare" },
    limits: { requestsPerMinute: 10_000, requestsPerMinuteInAll: 10_000, callsPerMinute: 100_000 },
  };
  // YAML takes JSON too.
  const configFile = at(write("registrar.yaml", JSON.stringify(config)));
  let output = "";
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const began = output.length;
    const started = spawn(process.execPath, [program, "--config", configFile], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    await new Promise<void>((resolve, reject) => {
      const hear = (chunk: unknown) => {
        output += String(chunk);
        if (output.slice(began).includes('"listening"')) resolve();
      };
      started.stdout.on("data", hear);
      started.stderr.on("data", hear);
      started.once("exit", () => reject(new Error(`the registrar ended: ${output.slice(began)}`)));
    });
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  await start();
  return {
    url: config.url,
    caFile: at(caFile),
    tokenFile: at("data/operators/ana.token"),
    folder,
    maker,
    ca,
    log: () => output,
    kill: () => end("SIGKILL"),
    start,
    async stop() {
      await end("SIGTERM");
      await ca.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A TLS certificate for localhost, of the test's CA. */
async function tlsOf({ ca, registrar }: RunningCa): Promise<{ key: string; certificate: string }> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const registrarKey = createPrivateKey(registrar.privateKeyPem);
  const id = "registrar-tls";
  const secret = await register(
    { ...ca, id, type: "client" },
    {
      certificatePem: registrar.certificatePem,
      sign: (message) => Promise.resolve(sign("sha256", message, registrarKey)),
    },
  );
  const csrPem = await createCsr({
    commonName: id,
    publicKeySpki: publicKey.export({ type: "spki", format: "der" }),
    sign: (message) => Promise.resolve(sign("sha256", message, privateKey)),
  });
  const hosts = ["localhost", "127.0.0.1"];
  const { certificatePem } = await enroll({ ...ca, id, secret, csrPem, profile: "tls", hosts });
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { key, certificate: certificatePem };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}
