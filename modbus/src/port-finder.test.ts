import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PortFinder, type SerialPlace } from "./port-finder.js";
import { type Adapter, UsbTree } from "./testing/usb-tree.js";
import { listUsbPorts } from "./usb-ports.js";

const ftdi: Adapter = { socket: "1-1.2", product: "0403:6001", serialNumber: "A50285BI" };
const otherFtdi: Adapter = { socket: "1-1.3", product: "0403:6001", serialNumber: "A10K1234" };
const ch340: Adapter = { socket: "1-1.4", product: "1a86:7523" };
const otherCh340: Adapter = { socket: "1-1.5", product: "1a86:7523" };
const stick: Adapter = { socket: "1-1.6", product: "10c4:ea60", serialNumber: "0001" };

let tree: UsbTree;
let nowMs = 0;
beforeEach(() => {
  tree = new UsbTree();
  nowMs = 0;
});
afterEach(() => tree.remove());

const finder = (place: SerialPlace) => new PortFinder({ place, root: tree.root, now: () => nowMs });
const dev = (name: string) => tree.pathOf(name);

test("USB ports are listed with what tells their adapters apart", async () => {
  tree.plugIn("ttyUSB10", ftdi);
  tree.plugIn("ttyUSB2", ch340);
  expect(await listUsbPorts(tree.root)).toEqual([
    { path: dev("ttyUSB2"), product: "1a86:7523", serialNumber: undefined, interfaceNumber: 0 },
    { path: dev("ttyUSB10"), product: "0403:6001", serialNumber: "A50285BI", interfaceNumber: 0 },
  ]);
  expect(await listUsbPorts("/nowhere")).toEqual([]);
});

describe("an adapter named by its serial number", () => {
  test("is found under whatever path it has now", async () => {
    const ports = finder({ adapter: "A50285BI" });
    await expect(ports.next()).rejects.toThrow("USB serial adapters there: none");
    tree.plugIn("ttyUSB0", otherFtdi);
    await expect(ports.next()).rejects.toThrow("ttyUSB0 (0403:6001, serial number A10K1234)");
    tree.plugIn("ttyUSB1", ftdi);
    expect(await ports.next()).toBe(dev("ttyUSB1"));
    tree.unplug("ttyUSB1", ftdi);
    tree.plugIn("ttyUSB7", ftdi);
    expect(await ports.next()).toBe(dev("ttyUSB7"));
  });

  test("with several ports is each of them until the meters are found", async () => {
    tree.plugIn("ttyUSB0", { ...ftdi, interfaceNumber: 0 });
    tree.plugIn("ttyUSB1", { ...ftdi, interfaceNumber: 1 });
    const ports = finder({ adapter: "A50285BI" });
    expect(await ports.next()).toBe(dev("ttyUSB0"));
    expect(ports.leave()).toBe(true);
    expect(await ports.next()).toBe(dev("ttyUSB1"));
  });
});

describe("an adapter without a serial number, named by its make", () => {
  test("is whichever port the right meters are at", async () => {
    tree.plugIn("ttyUSB0", ch340);
    tree.plugIn("ttyUSB1", stick);
    tree.plugIn("ttyUSB2", otherCh340);
    const ports = finder({ adapter: "1A86:7523" });
    expect(await ports.next()).toBe(dev("ttyUSB0"));
    expect(ports.leave()).toBe(true);
    expect(await ports.next()).toBe(dev("ttyUSB2"));
    ports.confirm();
    expect(await ports.next()).toBe(dev("ttyUSB0"));
  });

  test("is left again after a while only, when none of the ports is right", async () => {
    tree.plugIn("ttyUSB0", ch340);
    tree.plugIn("ttyUSB1", otherCh340);
    const ports = finder({ adapter: "1a86:7523" });
    await ports.next();
    expect(ports.leave()).toBe(true);
    await ports.next();
    expect(ports.leave()).toBe(false);
    expect(ports.leave()).toBe(false);
    nowMs += 61_000;
    expect(ports.leave()).toBe(true);
  });

  test("is kept when the right meters fall silent, until the port is lost", async () => {
    tree.plugIn("ttyUSB0", ch340);
    tree.plugIn("ttyUSB1", otherCh340);
    const ports = finder({ adapter: "1a86:7523" });
    await ports.next();
    ports.confirm();
    expect(ports.leave()).toBe(false);
    await ports.next();
    expect(ports.leave()).toBe(true);
  });

  test("that cannot be opened is passed over once", async () => {
    tree.plugIn("ttyUSB0", ch340);
    tree.plugIn("ttyUSB1", otherCh340);
    const ports = finder({ adapter: "1a86:7523" });
    const seen: string[] = [];
    for (let n = 0; n < 3; n++) {
      seen.push(await ports.next());
      ports.failed();
    }
    expect(seen).toEqual([dev("ttyUSB0"), dev("ttyUSB1"), dev("ttyUSB0")]);
  });
});

describe("a path", () => {
  test("that is no USB port's is taken as it is, there or not", async () => {
    expect(await finder("/dev/serial0").next()).toBe("/dev/serial0");
    const pty = join(tree.root, "line");
    symlinkSync("/dev/null", pty);
    const ports = finder(pty);
    expect(await ports.next()).toBe(pty);
    expect(ports.leave()).toBe(false);
  });

  test("is followed to the adapter that was behind it, by its serial number", async () => {
    tree.plugIn("ttyUSB0", ftdi);
    const ports = finder(dev("ttyUSB0"));
    expect(await ports.next()).toBe(dev("ttyUSB0"));
    ports.confirm();
    tree.unplug("ttyUSB0", ftdi);
    await expect(ports.next()).rejects.toThrow("no such adapter");
    // Its path belongs to another adapter now.
    tree.plugIn("ttyUSB0", otherFtdi);
    await expect(ports.next()).rejects.toThrow("A10K1234");
    tree.plugIn("ttyUSB1", ftdi);
    expect(await ports.next()).toBe(dev("ttyUSB1"));
  });

  test("of an adapter without a number leads to all of its make, and to no other", async () => {
    tree.plugIn("ttyUSB0", ch340);
    const ports = finder(dev("ttyUSB0"));
    await ports.next();
    ports.confirm();
    tree.unplug("ttyUSB0", ch340);
    tree.plugIn("ttyUSB1", stick);
    await expect(ports.next()).rejects.toThrow("no such adapter");
    tree.plugIn("ttyUSB2", ch340);
    expect(await ports.next()).toBe(dev("ttyUSB2"));
  });

  test("by a stable name under by-id is the same adapter", async () => {
    tree.plugIn("ttyUSB0", ftdi);
    const stable = join(tree.root, "usb-FTDI_A50285BI-if00");
    symlinkSync(dev("ttyUSB0"), stable);
    const ports = finder(stable);
    expect(await ports.next()).toBe(stable);
    ports.confirm();
    tree.plugIn("ttyUSB3", otherFtdi);
    expect(await ports.next()).toBe(stable);
    expect(ports.leave()).toBe(false);
  });
});
