import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { encode, loadProfile } from "@powershare/firmware-profiles";
import { serveRtu } from "@powershare/modbus";
import { openSwtpm, Tpm } from "node-tpm2";
import {
  equipWithCertificate,
  type RunningSwtpm,
  simulatedMaker,
  startSwtpm,
} from "node-tpm2/testing";
import { withDevice } from "../enrolment/device.js";
import { DeviceFiles } from "../enrolment/device-files.js";

const agentProgram = fileURLToPath(new URL("../../../agent/dist/main.js", import.meta.url));

/** A household's device on real parts: TPM simulator, meter on a pseudo-terminal, files, a peer that only greets. */
export class RunningHousehold {
  readonly folder = mkdtempSync(join(tmpdir(), "household-"));
  /** What stands in the cabinet; it counts on from `importWh`. */
  meter = { serialNumber: 12345678, importWh: 1000, sinceMs: Date.now() };
  readonly #ends: (() => unknown)[] = [];
  #tpm: RunningSwtpm | undefined;
  #agent: ChildProcess | undefined;
  #peerPort = 0;
  #agentPort = 0;

  static async start(): Promise<RunningHousehold> {
    const household = new RunningHousehold();
    await household.#makeKeys();
    await household.#startPeer();
    await household.#startMeter();
    household.#agentPort = await freePort();
    household.writeConfig();
    return household;
  }

  at = (name: string): string => join(this.folder, name);

  get configPath(): string {
    return this.at("agent.yaml");
  }

  get url(): string {
    return `http://127.0.0.1:${this.#agentPort}`;
  }

  get tpm(): RunningSwtpm {
    if (this.#tpm === undefined) throw new Error("no TPM");
    return this.#tpm;
  }

  /** Changes lines of the usual configuration by key. */
  writeConfig(changes: Readonly<Record<string, unknown>> = {}): void {
    const config = {
      participant: "h1",
      dataDir: "data",
      buses: [
        {
          id: "line1",
          serial: "line",
          meters: [
            {
              unit: 1,
              profile: "eastron/sdm630",
              role: "connection",
              serialNumber: "12345678",
              fuseA: 63,
              phases: 3,
            },
          ],
        },
      ],
      tpm: { swtpm: "tpm.sock" },
      slots: { seconds: 5, boundaryToleranceMs: 2000, checkpointSeconds: 5 },
      store: { reserveMiB: 0 },
      ledger: {
        endpoint: `localhost:${this.#peerPort}`,
        tlsHostname: "localhost",
        tlsRootCertificate: "ca.pem",
        mspId: "M",
        certificate: "data/certificate.pem",
        channel: "c",
        chaincode: "p",
        retryMaxMs: 1000,
      },
      time: { keptBy: "host" },
      http: { port: this.#agentPort },
      ...changes,
    };
    // YAML takes JSON too.
    writeFileSync(this.configPath, JSON.stringify(config));
  }

  /** A certificate of the test's CA for a key in PEM. */
  certify(keyFile: string, name: string, out: string, days = 365): void {
    const extensions = this.at("san.cnf");
    writeFileSync(extensions, `subjectAltName=DNS:${name}\n`);
    openssl(
      "x509",
      "-new",
      "-force_pubkey",
      keyFile,
      "-subj",
      `/CN=${name}`,
      "-days",
      String(days),
      "-CA",
      this.at("ca.pem"),
      "-CAkey",
      this.at("ca-key.pem"),
      "-extfile",
      extensions,
      "-out",
      out,
    );
  }

  /** Starts the agent and waits until it has certified something. */
  async startAgent(): Promise<void> {
    const child = spawn(process.execPath, [agentProgram, "--config", this.configPath], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    this.#agent = child;
    await until("the agent's first checkpoint", async () => {
      const answer = await fetch(`${this.url}/api/status`).catch(() => undefined);
      return (await answer?.text())?.includes('"sealedAt":"') === true;
    });
  }

  async stopAgent(): Promise<void> {
    const child = this.#agent;
    this.#agent = undefined;
    if (child === undefined) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  }

  async stop(): Promise<void> {
    await this.stopAgent();
    for (const end of this.#ends) await end();
    await this.#tpm?.stop();
    rmSync(this.folder, { recursive: true });
  }

  async #makeKeys(): Promise<void> {
    const socketPath = this.at("tpm.sock");
    this.#tpm = await startSwtpm({ stateDir: this.at("tpm"), socketPath });
    const tpm = await Tpm.open(openSwtpm({ path: socketPath }));
    await equipWithCertificate(tpm, simulatedMaker("Test maker"));
    await tpm.close();
    const files = await DeviceFiles.open(this.at("data"));
    const spki = await withDevice(
      { swtpm: socketPath },
      files,
      async ({ identity }) => identity.readingSpki,
    );
    const ca = ["-keyout", this.at("ca-key.pem"), "-out", this.at("ca.pem")];
    openssl(
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-subj",
      "/CN=Test CA",
      ...ca,
    );
    writeFileSync(this.at("reading.pem"), pem(spki));
    this.certify(this.at("reading.pem"), "h1", this.at("data/certificate.pem"));
    chmodSync(this.at("data"), 0o700);
  }

  async #startPeer(): Promise<void> {
    openssl(
      "genpkey",
      "-algorithm",
      "EC",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-out",
      this.at("peer-key.pem"),
    );
    openssl("pkey", "-in", this.at("peer-key.pem"), "-pubout", "-out", this.at("peer-pub.pem"));
    this.certify(this.at("peer-pub.pem"), "localhost", this.at("peer.pem"));
    const server = createTlsServer({
      key: readFileSync(this.at("peer-key.pem")),
      cert: readFileSync(this.at("peer.pem")),
      ALPNProtocols: ["h2"],
    });
    server.on("secureConnection", (socket) => socket.on("error", () => {}));
    this.#peerPort = await listening(server);
    this.#ends.push(() => server.close());
  }

  /** An SDM630 that imports 3.6 kW, at the pace of 9600 baud. */
  async #startMeter(): Promise<void> {
    const profile = loadProfile("eastron/sdm630");
    const bank = (table: "input" | "holding", address: number, count: number) =>
      encode(profile, {
        serialNumber: this.meter.serialNumber,
        activeEnergyImportWh:
          this.meter.importWh + Math.floor((Date.now() - this.meter.sinceMs) / 1000),
        activeEnergyExportWh: 0,
        activePowerW: 3600,
        voltageL1V: 231,
      }).read(table, address, count) ?? { exceptionCode: 2 };
    const server = createServer((stream) => {
      stream.on("error", () => stream.destroy());
      serveRtu(stream, { baudRate: 9600, units: new Map([[1, bank]]) });
    });
    const port = await listening(server);
    const line = `pty,raw,echo=0,link=${this.at("line")}`;
    const socat = spawn("socat", [line, `TCP:127.0.0.1:${port},nodelay`], { stdio: "ignore" });
    this.#ends.push(
      () => socat.kill(),
      () => server.close(),
    );
    await until("the line", async () => existsSync(this.at("line")));
  }
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: "ignore" });
}

function pem(spki: Uint8Array): string {
  const text = Buffer.from(spki).toString("base64").replaceAll(/.{64}/g, "$&\n");
  return `-----BEGIN PUBLIC KEY-----\n${text}\n-----END PUBLIC KEY-----\n`;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  return port;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await isSo()) return;
    await sleep(100);
  }
  throw new Error(`waited in vain for ${what}`);
}
