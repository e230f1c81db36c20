import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openRtuMaster, type SerialBusOptions } from "./open-rtu-master.js";
import type { RtuMaster } from "./rtu-master.js";
import { serveRtu } from "./rtu-server.js";
import { addressBank, contentOf } from "./testing/bench-bus.js";
import { PtyLine } from "./testing/pty.js";
import { type Adapter, UsbTree } from "./testing/usb-tree.js";

const baudRate = 38_400;
const ftdi: Adapter = { socket: "1-1.2", product: "0403:6001", serialNumber: "A50285BI" };
const otherFtdi: Adapter = { socket: "1-1.3", product: "0403:6001", serialNumber: "A10K1234" };
const ch340: Adapter = { socket: "1-1.4", product: "1a86:7523" };
const otherCh340: Adapter = { socket: "1-1.5", product: "1a86:7523" };

const closers: (() => Promise<unknown>)[] = [];
let tree: UsbTree;
beforeEach(() => {
  tree = new UsbTree();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  tree.remove();
});

/** A line with one meter, whose registers tell `home`. */
async function lineOf(home: number): Promise<PtyLine> {
  const units = new Map([[1, addressBank(home)]]);
  const line = await PtyLine.open((stream) => void serveRtu(stream, { baudRate, units }));
  closers.push(() => line.close());
  return line;
}

async function masterAt(path: SerialBusOptions["path"]): Promise<RtuMaster> {
  const master = await openRtuMaster({ path, root: tree.root, baudRate });
  closers.push(() => master.close());
  return master;
}

/** Which home's meter answers; undefined while none does. */
async function homeOf(master: RtuMaster): Promise<number | undefined> {
  const read = master.read({ unit: 1, table: "input", address: 7, count: 1, timeoutMs: 300 });
  const bytes = await read.catch(() => undefined);
  const value = bytes && new DataView(bytes.buffer, bytes.byteOffset).getUint16(0);
  return [1, 2].find((home) => value === contentOf(home, 7));
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await what()); tries++) {
    if (tries > 100) throw new Error("waited in vain");
    await sleep(100);
  }
}

test("an adapter that comes back under another path is found by its serial number", async () => {
  const line = await lineOf(1);
  const foreign = await lineOf(2);
  tree.plugIn("ttyUSB0", ftdi, line.path);
  const master = await masterAt(tree.pathOf("ttyUSB0"));
  expect(await homeOf(master)).toBe(1);
  master.confirmPort();

  await line.unplug();
  tree.unplug("ttyUSB0", ftdi);
  expect(await homeOf(master)).toBeUndefined();
  // Meanwhile its old path belongs to another one.
  tree.plugIn("ttyUSB0", otherFtdi, foreign.path);
  await sleep(600);
  expect(await homeOf(master)).toBeUndefined();

  await line.plugIn();
  tree.plugIn("ttyUSB1", ftdi, line.path);
  await until(async () => (await homeOf(master)) === 1);
});

test("ports of adapters without a number are tried until the right meter answers", async () => {
  const foreign = await lineOf(2);
  const line = await lineOf(1);
  tree.plugIn("ttyUSB0", otherCh340, foreign.path);
  tree.plugIn("ttyUSB1", ch340, line.path);
  const master = await masterAt({ adapter: "1a86:7523" });
  const tryPorts = () =>
    until(async () => {
      const home = await homeOf(master);
      if (home === 1) master.confirmPort();
      else if (home !== undefined) master.leavePort();
      return home === 1;
    });
  await tryPorts();

  // Pulled out and plugged in again, the two have changed places.
  await Promise.all([line.unplug(), foreign.unplug()]);
  tree.unplug("ttyUSB0", otherCh340);
  tree.unplug("ttyUSB1", ch340);
  await until(async () => (await homeOf(master)) === undefined);
  await Promise.all([line.plugIn(), foreign.plugIn()]);
  tree.plugIn("ttyUSB0", ch340, line.path);
  tree.plugIn("ttyUSB1", otherCh340, foreign.path);
  await tryPorts();
});
