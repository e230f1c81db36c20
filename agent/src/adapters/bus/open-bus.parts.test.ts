import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type RegisterBank, serveRtu } from "@powershare/modbus";
import { afterEach, expect, it } from "vitest";
import type { Bus } from "../../ports/bus.js";
import { type BusPlace, openBus } from "./open-bus.js";

const bank: RegisterBank = (_table, address, count) =>
  Uint8Array.from({ length: 2 * count }, (_, n) => (address + n) & 0xff);
const folder = mkdtempSync(join(tmpdir(), "open-bus-"));
const servers: Server[] = [];
const children: ChildProcess[] = [];
let bus: Bus | undefined;

afterEach(async () => {
  await bus?.close();
  for (const child of children.splice(0)) child.kill();
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function listening(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    serve(socket);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const rtuMeter = (socket: Socket) =>
  void serveRtu(socket, { baudRate: 38_400, units: new Map([[1, bank]]) });

function tcpMeter(socket: Socket): void {
  socket.on("data", (bytes) => {
    const data = bank("input", bytes.readUInt16BE(8), bytes.readUInt16BE(10));
    const body = data instanceof Uint8Array ? [1, 4, data.length, ...data] : [1, 0x84, 2];
    socket.write(Uint8Array.from([...bytes.subarray(0, 4), 0, body.length, ...body]));
  });
}

async function pty(port: number): Promise<string> {
  const path = join(folder, "tty");
  const link = `pty,raw,echo=0,link=${path}`;
  children.push(spawn("socat", [link, `TCP:127.0.0.1:${port},nodelay`], { stdio: "ignore" }));
  for (let tries = 0; !existsSync(path) && tries < 100; tries++) await sleep(50);
  return path;
}

it.each<[string, () => Promise<BusPlace>]>([
  ["a serial line", async () => ({ serial: await pty(await listening(rtuMeter)) })],
  [
    "a serial gateway",
    async () => ({ rtuOverTcp: { host: "127.0.0.1", port: await listening(rtuMeter) } }),
  ],
  ["Modbus TCP", async () => ({ tcp: { host: "127.0.0.1", port: await listening(tcpMeter) } })],
])("reads meters over %s, and counts their answers", async (_name, place) => {
  bus = await openBus({
    ...(await place()),
    baudRate: 38_400,
    parity: "none",
    stopBits: 1,
    timeoutMs: 500,
    meters: new Map([[1, { pauseMs: 20 }]]),
  });
  for (let address = 0; address < 5; address++) {
    const read = { unit: 1, table: "input", address, count: 3, timeoutMs: 500 } as const;
    expect(await bus.read(read)).toEqual(bank("input", address, 3));
  }
  expect(bus.statistics(1)).toMatchObject({ answers: 5, timeouts: 0, crcErrors: 0 });
  bus.confirmPort();
  expect(bus.leavePort()).toBe(false);
});

it("says over each of them when nothing is there", async () => {
  const nothing = { host: "127.0.0.1", port: 1 };
  for (const place of [{ serial: "/dev/none" }, { rtuOverTcp: nothing }, { tcp: nothing }]) {
    bus = await openBus({
      ...place,
      baudRate: 9600,
      parity: "none",
      stopBits: 1,
      timeoutMs: 500,
      meters: new Map(),
    });
    const read = bus.read({ unit: 1, table: "input", address: 0, count: 1, timeoutMs: 100 });
    await expect(read).rejects.toMatchObject({ code: "bus.port-missing" });
    await bus.close();
  }
});
