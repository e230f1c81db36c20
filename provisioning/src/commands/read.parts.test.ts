import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { decodeCapture, encode, loadProfile } from "@powershare/firmware-profiles";
import { type RegisterBank, type RtuServer, serveRtu } from "@powershare/modbus";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

const fromRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const profile = loadProfile("eastron/sdm630");
const capture = fromRoot("firmware-profiles/profiles/eastron/sdm630.capture");
const golden = decodeCapture(profile, readFileSync(capture, "utf8")).values;
const image = encode(profile, golden);
const bank: RegisterBank = (table, address, count) =>
  image.read(table, address, count) ?? { exceptionCode: 2 };

let folder: string;
let path: string;
let socat: ChildProcess;
let meter: RtuServer | undefined;
const gateway = createServer((socket) => {
  socket.on("error", () => socket.destroy());
  meter = serveRtu(socket, { baudRate: 9600, units: new Map([[1, bank]]) });
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "read-"));
  path = join(folder, "tty");
  gateway.listen(0, "127.0.0.1");
  await once(gateway, "listening");
  const { port } = gateway.address() as AddressInfo;
  await plugIn(port);
});
async function plugIn(port: number): Promise<void> {
  const pty = `pty,raw,echo=0,link=${path}`;
  socat = spawn("socat", [pty, `TCP:127.0.0.1:${port},nodelay`], { stdio: "ignore" });
  for (let tries = 0; !existsSync(path) && tries < 100; tries++) await sleep(50);
}
afterAll(async () => {
  socat.kill();
  gateway.close();
  await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function read(...args: string[]): Promise<Outcome> {
  const command = [fromRoot("provisioning/bin/powershare.js"), "read", "--profile", profile.id];
  return new Promise((resolve) => {
    execFile(process.execPath, [...command, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

/** The line's format is what other people's scripts rely on. */
const readingLine = z.strictObject({
  at: z.iso.datetime(),
  unit: z.int(),
  profile: z.string(),
  values: z.record(z.string(), z.number()),
  quality: z.enum(["good", "incomplete"]),
});
const readingsIn = ({ stdout }: Outcome) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => readingLine.parse(JSON.parse(line)));

const measured = Object.entries(golden).filter(
  ([quantity]) => !profile.identity.some((register) => register.quantity === quantity),
);

test("20 snapshots of an SDM630 at 9600 Bd are right, each silence kept", async () => {
  const outcome = await read("--serial", path, "--unit", "1", "--count", "20", "--interval", "0");
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  const readings = readingsIn(outcome);
  expect(readings).toHaveLength(20);
  for (const { unit, values, quality } of readings) {
    expect({ unit, quality }).toEqual({ unit: 1, quality: "good" });
    expect(Object.keys(values)).toEqual(measured.map(([quantity]) => quantity));
    for (const [quantity, value] of measured) {
      // Energies went through a float32 of kWh, which may cost 1 Wh.
      const slack = quantity.endsWith("h") ? 1 : 0;
      expect(Math.abs((values[quantity] ?? 0) - Number(value)), quantity).toBeLessThanOrEqual(
        slack,
      );
    }
  }
  expect(meter?.counts()).toEqual({ requests: 100, gapViolations: 0 });
});

test("an adapter that is pulled out and plugged in again ends nothing", async () => {
  const { port } = gateway.address() as AddressInfo;
  const reading = read("--serial", path, "--count", "5", "--interval", "500");
  const seen = meter?.counts().requests ?? 0;
  while ((meter?.counts().requests ?? 0) < seen + 8) await sleep(20);
  const gone = once(socat, "exit");
  socat.kill();
  await gone;
  await sleep(300);
  await plugIn(port);
  const outcome = await reading;
  expect(outcome.code).toBe(0);
  expect(outcome.stderr).toContain("going on");
  const readings = readingsIn(outcome);
  expect(readings).toHaveLength(5);
  for (const { values } of readings) expect(values["voltageL1V"]).toBe(golden["voltageL1V"]);
});

test("RTU over TCP gives the same values", async () => {
  const { port } = gateway.address() as AddressInfo;
  const outcome = await read("--rtu-over-tcp", `127.0.0.1:${port}`, "--count", "1", "--json");
  expect(outcome.code).toBe(0);
  expect(readingsIn(outcome)).toMatchObject([{ values: { voltageL1V: golden["voltageL1V"] } }]);
});

test("Modbus TCP gives the same values", async () => {
  const server = createServer((socket) => {
    socket.on("data", (bytes) => {
      const data = bank("input", bytes.readUInt16BE(8), bytes.readUInt16BE(10));
      const body = data instanceof Uint8Array ? [1, 4, data.length, ...data] : [1, 0x84, 2];
      socket.write(Uint8Array.from([...bytes.subarray(0, 4), 0, body.length, ...body]));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const outcome = await read("--tcp", `127.0.0.1:${port}`, "--count", "2", "--interval", "10");
  server.close();
  expect(outcome.code).toBe(0);
  const values = { activeEnergyExportWh: golden["activeEnergyExportWh"] };
  expect(readingsIn(outcome)).toMatchObject([{ values }, { values }]);
});

test.each([
  { name: "a missing port", args: ["--serial", "/dev/none"], code: "bus.port-missing" },
  { name: "nothing behind TCP", args: ["--tcp", "127.0.0.1:1"], code: "bus.port-missing" },
])("$name exits 3 with code and remedy", async ({ args, code }) => {
  const outcome = await read(...args, "--count", "1");
  expect(outcome).toMatchObject({ code: 3, stdout: "" });
  expect(outcome.stderr).toMatch(new RegExp(`\\[${code}\\] \\w+`));
});

test("a silent meter exits 3 and is named", async () => {
  const outcome = await read("--serial", path, "--baud", "9600", "--unit", "77", "--count", "1");
  expect(outcome).toMatchObject({ code: 3, stdout: "" });
  expect(outcome.stderr).toContain("unit 77");
  expect(outcome.stderr).toContain("[bus.timeout]");
});

test.each([
  { name: "no line", args: [] },
  { name: "two lines", args: ["--serial", "/dev/x", "--tcp", "localhost:502"] },
  { name: "a bad unit", args: ["--serial", "/dev/x", "--unit", "300"] },
  { name: "a bad parity", args: ["--serial", "/dev/x", "--parity", "mark"] },
  { name: "no port number", args: ["--tcp", "localhost"] },
])("$name is bad usage: exit 2", async ({ args }) => {
  expect(await read(...args)).toMatchObject({ code: 2, stdout: "" });
});

test("an unknown profile is bad usage", async () => {
  const outcome = await read("--serial", "/dev/x", "--profile", "eastron/sdm63");
  expect(outcome.code).toBe(2);
  expect(outcome.stderr).toContain("eastron/sdm630");
});
