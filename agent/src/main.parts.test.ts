import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { remedyFor } from "@powershare/domain/errors";
import { encode, loadProfile } from "@powershare/firmware-profiles";
import { serveRtu } from "@powershare/modbus";
import { openSwtpm, provisionIdentity, Tpm } from "node-tpm2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Overview, overview as overviewSchema } from "./ports/overview.js";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "powershare-main-"));
const children = new Set<ChildProcess>();
const startedMs = Date.now();
let line: Server;
let swtpm: ChildProcess;

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  child.on("close", () => children.delete(child));
  return child;
}

async function until<T>(
  what: string,
  find: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const endMs = Date.now() + 40_000;
  while (Date.now() < endMs) {
    const found = await find();
    if (found !== undefined) return found;
    await sleep(100);
  }
  throw new Error(`waited in vain for ${what}`);
}

async function startTpm(): Promise<void> {
  const socket = join(folder, "tpm.sock");
  rmSync(socket, { force: true });
  mkdirSync(join(folder, "tpm"), { recursive: true });
  swtpm = start("swtpm", [
    "socket",
    "--tpm2",
    "--tpmstate",
    `dir=${join(folder, "tpm")}`,
    "--server",
    `type=unixio,path=${socket}`,
    "--flags",
    "not-need-init",
  ]);
  await until("swtpm", () => existsSync(socket) || undefined);
}

/** An SDM630 that imports 3.6 kW, on a pseudo-terminal at the pace of 9600 baud. */
async function startMeter(): Promise<void> {
  const profile = loadProfile("eastron/sdm630");
  const bank = (table: "input" | "holding", address: number, count: number) =>
    encode(profile, {
      serialNumber: 12345678,
      activeEnergyImportWh: 1000 + Math.floor((Date.now() - startedMs) / 1000),
      activeEnergyExportWh: 0,
      activePowerW: 3600,
      voltageL1V: 231,
    }).read(table, address, count) ?? { exceptionCode: 2 };
  line = createServer((stream) => {
    stream.on("error", () => stream.destroy());
    serveRtu(stream, { baudRate: 9600, units: new Map([[1, bank]]) });
  });
  await once(line.listen(join(folder, "line.sock")), "listening");
  start("socat", [
    `pty,raw,echo=0,link=${join(folder, "line")}`,
    `UNIX-CONNECT:${join(folder, "line.sock")}`,
  ]);
  await until("the line", () => existsSync(join(folder, "line")) || undefined);
}

/** Of a key that nobody has; the peer is never reached in this test. */
const certificatePem = `-----BEGIN CERTIFICATE-----
MIIBCDCBr6ADAgECAgEBMAoGCCqGSM49BAMCMA0xCzAJBgNVBAMMAmgxMCAXDTIw
MDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjANMQswCQYDVQQDDAJoMTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABPzEgm+j4IyYI5LwqD2rUS7bFYC0r4hGEP15
QAO9OaMLP7AxOwDgoxCKl0QsdDNz0ck4nAaqw0dXear7+raZ/VcwCgYIKoZIzj0E
AwIDSAAwRQIgXbayMfdaoiLbG9pEOozkmXm+E5KWHiI1ti2QnzQptswCIQClFyBV
0IWAm9ASOrdgJh/dpq+5q28COzA0j/MJihMLhw==
-----END CERTIFICATE-----
`;

function writeConfig({ extra = "", certificate = certificatePem } = {}): string {
  const path = join(folder, "agent.yaml");
  writeFileSync(join(folder, "certificate.pem"), certificate);
  writeFileSync(
    path,
    `participant: h1
dataDir: data
buses:
  - id: line1
    serial: line
    meters:
      - { unit: 1, profile: eastron/sdm630, role: connection, fuseA: 63, phases: 3 }
tpm: { swtpm: tpm.sock }
slots: { seconds: 5, boundaryToleranceMs: 2000, checkpointSeconds: 5 }
ledger: { endpoint: "localhost:9", tlsHostname: localhost, tlsRootCertificate: certificate.pem, mspId: M, certificate: certificate.pem, channel: c, chaincode: p, retryMaxMs: 1000 }
time: { keptBy: host }
http: { port: 0 }
${extra}`,
  );
  return path;
}

interface Agent {
  readonly child: ChildProcess;
  readonly page: string;
  readonly log: () => string;
}

async function startAgent(): Promise<Agent> {
  const child = start(process.execPath, [main, "--config", writeConfig()]);
  let log = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  const page = await until("the page", () => /"page":"([^"]+)"/.exec(log)?.[1]);
  return { child, page, log: () => log };
}

async function overviewOf(
  { page }: Agent,
  wanted: (overview: Overview) => boolean,
): Promise<Overview> {
  return await until("the overview", async () => {
    const seen = overviewSchema.parse(await (await fetch(`${page}api/overview`)).json());
    return wanted(seen) ? seen : undefined;
  });
}

beforeAll(async () => {
  await startTpm();
  const tpm = await Tpm.open(openSwtpm({ path: join(folder, "tpm.sock") }));
  const blobs = await provisionIdentity(tpm);
  await tpm.close();
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "data", "identity.json"), JSON.stringify(blobs), { mode: 0o600 });
  await startMeter();
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  line.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("the agent as a process", () => {
  it("meters and seals without a ledger, survives kill -9 and a lost TPM, and stops in order", async () => {
    const first = await startAgent();
    const before = await overviewOf(first, ({ counts }) => counts.intervals >= 2);
    expect(before.now).toMatchObject({ gridPowerW: 3600, voltageV: 231, stale: false });
    expect(before.health.bus.state).toBe("ok");
    expect(before.health.ledger).toMatchObject({ state: "failed", code: "ledger.unavailable" });
    expect(before.health.store.unsentPackages).toBeGreaterThan(0);

    first.child.kill("SIGKILL");
    await once(first.child, "close");
    const second = await startAgent();
    const after = await overviewOf(
      second,
      ({ counts }) => counts.intervals >= before.counts.intervals + 2,
    );
    expect(after.counts.rejected).toBe(0);
    expect(after.counts.readings).toBeGreaterThan(before.counts.readings);
    expect(existsSync(join(folder, "data", "measured.json"))).toBe(true);

    swtpm.kill("SIGKILL");
    const lost = await overviewOf(second, ({ health }) => health.tpm.state === "failed");
    expect(lost.health.tpm.remedy).not.toBeNull();
    await startTpm();
    const healed = await overviewOf(
      second,
      ({ health, counts }) =>
        health.tpm.state === "ok" && counts.checkpoints > lost.counts.checkpoints,
    );
    expect(healed.health.bus.state).toBe("ok");

    second.child.kill("SIGTERM");
    const [code] = (await once(second.child, "close")) as [number | null];
    // Not within five seconds would be 1.
    expect(code).toBe(0);
    const text = readFileSync(join(folder, "data", "identity.json"), "utf8");
    const secret = z.object({ readingAuth: z.string() }).parse(JSON.parse(text)).readingAuth;
    expect(first.log() + second.log()).not.toContain(secret);
  });

  it.each([
    ["an unknown key", { extra: "colour: red\n" }, "colour: unknown key"],
    ["a certificate that is none", { certificate: "none\n" }, "no certificate can be read"],
  ])("says in one line why it does not start: %s", async (_, broken, why) => {
    const child = start(process.execPath, [main, "--config", writeConfig(broken)]);
    let log = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      log += chunk.toString();
    });
    const [code] = (await once(child, "close")) as [number | null];
    expect(code).toBe(2);
    expect(JSON.parse(log)).toMatchObject({ level: 60, code: "config.invalid" });
    expect(log).toContain(remedyFor("config.invalid"));
    expect(log).toContain(why);
  });
});
