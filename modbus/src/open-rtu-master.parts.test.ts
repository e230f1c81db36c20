import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { openRtuMaster, openRtuOverTcpMaster } from "./open-rtu-master.js";
import type { RegisterReader } from "./register-reader.js";
import { type RtuServer, serveRtu } from "./rtu-server.js";
import { addressBank, contentOf } from "./testing/bench-bus.js";
import { PtyLine } from "./testing/pty.js";

const closers: (() => Promise<unknown>)[] = [];
const onEnd = (close: () => Promise<unknown>) => void closers.push(close);
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const units = new Map([1, 2].map((unit) => [unit, addressBank(unit)]));

async function expectContent(reader: RegisterReader, unit: number, address: number, count: number) {
  const bytes = await reader.read({ unit, table: "input", address, count });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  expect(bytes.length).toBe(2 * count);
  for (let i = 0; i < count; i++) expect(view.getUint16(2 * i)).toBe(contentOf(unit, address + i));
}

test("two meters on a pseudo-terminal at 9600 Bd are read right, each silence kept", async () => {
  let server: RtuServer | undefined;
  const line = await PtyLine.open((stream) => {
    server = serveRtu(stream, { baudRate: 9600, units });
  });
  onEnd(() => line.close());
  const master = await openRtuMaster({ path: line.path, baudRate: 9600 });
  onEnd(() => master.close());
  for (let n = 0; n < 20; n++) {
    await Promise.all([expectContent(master, 1, n, 36), expectContent(master, 2, n, 10)]);
  }
  expect(server?.counts()).toEqual({ requests: 40, gapViolations: 0 });
});

test("a pseudo-terminal that vanishes fails its readers and comes back by itself", async () => {
  const states: boolean[] = [];
  const line = await PtyLine.open((stream) => void serveRtu(stream, { baudRate: 38_400, units }));
  onEnd(() => line.close());
  const { path } = line;
  const onPort = ({ open }: { open: boolean }) => void states.push(open);
  const master = await openRtuMaster({ path, baudRate: 38_400, onPort });
  onEnd(() => master.close());
  await expectContent(master, 1, 0, 10);

  const unanswered = master.read({
    unit: 9,
    table: "input",
    address: 0,
    count: 1,
    timeoutMs: 5_000,
  });
  const failure = expect(unanswered).rejects.toMatchObject({ code: "bus.port-gone" });
  await sleep(50);
  await line.unplug();
  await failure;
  await expect(
    master.read({ unit: 1, table: "input", address: 0, count: 1 }),
  ).rejects.toMatchObject({
    code: "bus.port-missing",
  });

  await line.plugIn();
  for (let tries = 0; states.at(-1) !== true && tries < 100; tries++) await sleep(100);
  await expectContent(master, 1, 0, 10);
});

test("a port that is missing from the start is said so, and found once it is there", async () => {
  const line = await PtyLine.open((stream) => void serveRtu(stream, { baudRate: 38_400, units }));
  onEnd(() => line.close());
  await line.unplug();
  const master = await openRtuMaster({ path: line.path, baudRate: 38_400 });
  onEnd(() => master.close());
  const read = () => master.read({ unit: 1, table: "input", address: 0, count: 1 });
  await expect(read()).rejects.toMatchObject({ code: "bus.port-missing" });
  await expect(read()).rejects.toThrow(line.path);
  await line.plugIn();
  for (let tries = 0; tries < 100; tries++) {
    if (await read().catch(() => undefined)) break;
    await sleep(100);
  }
  await expectContent(master, 1, 5, 3);
});

test("RTU frames over TCP are read by the same rules", async () => {
  const gateway = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    serveRtu(socket, { baudRate: 9600, units });
  }).listen(0, "127.0.0.1");
  onEnd(async () => gateway.close());
  await once(gateway, "listening");
  const { port } = gateway.address() as AddressInfo;
  const master = await openRtuOverTcpMaster({ host: "127.0.0.1", port });
  onEnd(() => master.close());
  for (let n = 0; n < 5; n++) await expectContent(master, 1, n, 20);
  const refused = master.read({ unit: 1, table: "input", address: 2_000, count: 1 });
  await expect(refused).rejects.toMatchObject({ code: "bus.exception", exceptionCode: 2 });
});
