import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { respond } from "../testing/scripted-transport.js";
import { openSwtpm } from "./socket.js";
import type { Transport } from "./transport.js";

const LONG_MS = 5_000;
const SHORT_MS = 30;
const command = Uint8Array.from(Buffer.from("80010000000c000001450000", "hex"));
const success = respond(0);

let dir: string;
let path: string;
let server: Server;
let transport: Transport;
const clients: Socket[] = [];
/** What the far end does with the n-th command of a connection. */
let onCommand: (socket: Socket, connection: number) => void;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tpm-socket-"));
  path = join(dir, "tpm.sock");
  server = createServer((socket) => {
    const connection = clients.push(socket);
    socket.on("data", () => onCommand(socket, connection));
    socket.on("error", () => undefined);
  });
  server.listen(path);
  await once(server, "listening");
  transport = openSwtpm({ path });
});

afterEach(async () => {
  await transport.close();
  for (const socket of clients.splice(0)) socket.destroy();
  server.close();
  await rm(dir, { recursive: true });
});

describe("swtpm's data channel", () => {
  it("puts a response together from pieces", async () => {
    onCommand = (socket) => {
      socket.write(success.subarray(0, 3));
      setImmediate(() => socket.write(success.subarray(3)));
    };
    await transport.connect(LONG_MS);
    expect(Uint8Array.from(await transport.exchange(command, LONG_MS))).toEqual(success);
  });

  it("is served over TCP as well", async () => {
    onCommand = (socket) => socket.write(success);
    const tcp = createServer((socket) => socket.on("data", () => socket.end(success)));
    tcp.listen(0, "127.0.0.1");
    await once(tcp, "listening");
    const address = tcp.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const overTcp = openSwtpm({ host: "127.0.0.1", port: address.port });
    await overTcp.connect(LONG_MS);
    expect(Uint8Array.from(await overTcp.exchange(command, LONG_MS))).toEqual(success);
    await overTcp.close();
    tcp.close();
  });

  it("never hands a late answer to the next command", async () => {
    const late = respond(0x921);
    const slow: Socket[] = [];
    onCommand = (socket, connection) => {
      if (connection === 1) slow.push(socket);
      else {
        // The late answer goes out first, and then the right one.
        slow[0]?.write(late);
        setImmediate(() => socket.write(success));
      }
    };
    await transport.connect(LONG_MS);
    await expect(transport.exchange(command, SHORT_MS)).rejects.toMatchObject({
      code: "tpm.timeout",
    });
    expect(transport.connected).toBe(false);
    await transport.connect(LONG_MS);
    expect(Uint8Array.from(await transport.exchange(command, LONG_MS))).toEqual(success);
  });

  it("does not send on a channel that failed", async () => {
    onCommand = () => undefined;
    await transport.connect(LONG_MS);
    await expect(transport.exchange(command, SHORT_MS)).rejects.toThrow(path);
    await expect(transport.exchange(command, LONG_MS)).rejects.toMatchObject({
      code: "tpm.unavailable",
    });
  });

  it.each([
    ["two answers at once", Uint8Array.from([...success, ...success])],
    ["a size below the header's", Uint8Array.from(Buffer.from("80010000000900000000", "hex"))],
    ["a size beyond any TPM's", Uint8Array.from(Buffer.from("80017fffffff00000000", "hex"))],
  ])("refuses %s and closes", async (_, bytes) => {
    onCommand = (socket) => socket.write(bytes);
    await transport.connect(LONG_MS);
    await expect(transport.exchange(command, LONG_MS)).rejects.toMatchObject({
      code: "tpm.malformed",
    });
    expect(transport.connected).toBe(false);
  });

  it("is dropped when bytes arrive that nobody asked for", async () => {
    onCommand = (socket) => socket.write(success);
    await transport.connect(LONG_MS);
    await transport.exchange(command, LONG_MS);
    clients[0]?.write(success);
    await expect.poll(() => transport.connected).toBe(false);
  });

  it("says so when the far end hangs up during a command", async () => {
    onCommand = (socket) => socket.destroy();
    await transport.connect(LONG_MS);
    await expect(transport.exchange(command, LONG_MS)).rejects.toMatchObject({
      code: "tpm.unavailable",
    });
  });

  it("is tpm.unavailable where nothing listens, with the path and the cause", async () => {
    const absent = openSwtpm({ path: join(dir, "absent.sock") });
    await expect(absent.connect(LONG_MS)).rejects.toMatchObject({
      code: "tpm.unavailable",
      message: `swtpm at ${join(dir, "absent.sock")} cannot be reached: ENOENT`,
      cause: { code: "ENOENT" },
    });
  });
});
