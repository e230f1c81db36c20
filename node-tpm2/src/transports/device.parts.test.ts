import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { respond } from "../testing/scripted-transport.js";
import { openDevice } from "./device.js";
import type { Transport } from "./transport.js";

// A pseudo-terminal in raw mode stands in for the character device: like /dev/tpmrm0 it is opened by path, written and
// read by file descriptor, and blocks. Not shown by it: the kernel's one-read-one-response rule.
const LONG_MS = 5_000;
const SHORT_MS = 30;
const command = Uint8Array.from(Buffer.from("80010000000c000001450000", "hex"));
const success = respond(0);

let dir: string;
let server: Server;
let bridge: ChildProcess;
let device: Transport;
let onCommand: (socket: Socket) => void;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tpm-device-"));
  const [socketPath, link] = [join(dir, "far.sock"), join(dir, "tpmrm0")];
  server = createServer((socket) => socket.on("data", () => onCommand(socket)));
  server.listen(socketPath);
  await once(server, "listening");
  bridge = spawn("socat", [`PTY,link=${link},raw,echo=0`, `UNIX-CONNECT:${socketPath}`]);
  await expect
    .poll(() =>
      access(link).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  device = openDevice(link);
});

afterEach(async () => {
  await device.close();
  bridge.kill("SIGTERM");
  server.close();
  await rm(dir, { recursive: true, force: true });
});

describe("a TPM character device", () => {
  it("takes a command and gives its response, again and again on one descriptor", async () => {
    onCommand = (socket) => socket.write(success);
    await device.connect(LONG_MS);
    for (let round = 0; round < 3; round += 1) {
      expect(Uint8Array.from(await device.exchange(command, LONG_MS))).toEqual(success);
    }
  });

  it("leaves handles to the kernel's resource manager by its name only", () => {
    expect(openDevice("/dev/tpmrm0").resourceManager).toBe(true);
    expect(openDevice("/dev/tpm0").resourceManager).toBe(false);
  });

  it("after a timeout refuses to go on until the overdue command is done, then serves again", async () => {
    const waiting: Socket[] = [];
    onCommand = (socket) => waiting.push(socket);
    await device.connect(LONG_MS);
    await expect(device.exchange(command, SHORT_MS)).rejects.toMatchObject({ code: "tpm.timeout" });
    await expect(device.connect(LONG_MS)).rejects.toMatchObject({ code: "tpm.unavailable" });

    onCommand = (socket) => socket.write(success);
    waiting[0]?.write(respond(0x921));
    await expect
      .poll(() =>
        device.connect(LONG_MS).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    expect(Uint8Array.from(await device.exchange(command, LONG_MS))).toEqual(success);
  });

  it("says so when the device goes away during a command", async () => {
    onCommand = () => bridge.kill("SIGKILL");
    await device.connect(LONG_MS);
    await expect(device.exchange(command, LONG_MS)).rejects.toMatchObject({
      code: "tpm.unavailable",
      cause: { code: "EIO" },
    });
  });

  it("is tpm.unavailable where there is none, with the path and the cause", async () => {
    const absent = openDevice(join(dir, "absent"));
    await expect(absent.connect(LONG_MS)).rejects.toMatchObject({
      code: "tpm.unavailable",
      message: `${join(dir, "absent")} cannot be opened: ENOENT`,
      cause: { code: "ENOENT" },
    });
  });
});
