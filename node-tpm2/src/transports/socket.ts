import { createConnection, type NetConnectOpts, type Socket } from "node:net";
import { reasonOf, TpmError } from "../errors.js";
import { withDeadline } from "./deadline.js";
import { frameResponse } from "./framing.js";
import type { Transport } from "./transport.js";

/** Where swtpm's data channel listens (`swtpm socket --server type=unixio,path=…` or `type=tcp,port=…`). */
export type SwtpmAddress =
  | { readonly path: string }
  | { readonly host: string; readonly port: number };

/** A software TPM: raw commands on swtpm's data channel, which serves one client at a time. */
export function openSwtpm(address: SwtpmAddress): Transport {
  const where = "path" in address ? address.path : `${address.host}:${address.port}`;
  return new SocketTransport({ ...address }, `swtpm at ${where}`);
}

interface Pending {
  readonly resolve: (response: Uint8Array) => void;
  readonly reject: (error: TpmError) => void;
}

class SocketTransport implements Transport {
  readonly name: string;
  readonly resourceManager = false;
  readonly #address: NetConnectOpts;
  #socket: Socket | undefined;
  #pending: Pending | undefined;
  #received: Uint8Array = new Uint8Array();

  constructor(address: NetConnectOpts, name: string) {
    this.#address = address;
    this.name = name;
  }

  get connected(): boolean {
    return this.#socket !== undefined;
  }

  async connect(timeoutMs: number): Promise<void> {
    this.#drop();
    const socket = createConnection(this.#address);
    this.#socket = socket;
    const connected = new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("closed while connecting")));
    });
    socket.on("data", (chunk: Uint8Array) => this.#receive(socket, chunk));
    socket.on("error", (cause) => this.#lose(socket, cause));
    socket.on("close", () => this.#lose(socket, undefined));
    try {
      await withDeadline(
        connected,
        timeoutMs,
        `${this.name} took no connection in ${timeoutMs} ms`,
      );
    } catch (cause) {
      this.#drop();
      if (cause instanceof TpmError) throw cause;
      throw new TpmError("tpm.unavailable", `${this.name} cannot be reached: ${reasonOf(cause)}`, {
        cause,
      });
    }
  }

  async exchange(command: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const socket = this.#socket;
    if (socket === undefined) {
      throw new TpmError("tpm.unavailable", `${this.name} is not connected`);
    }
    const response = new Promise<Uint8Array>((resolve, reject) => {
      this.#pending = { resolve, reject };
    });
    socket.write(command);
    try {
      return await withDeadline(
        response,
        timeoutMs,
        `${this.name} gave no answer in ${timeoutMs} ms; swtpm answers one client at a time`,
      );
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#drop();
  }

  #receive(socket: Socket, chunk: Uint8Array): void {
    if (socket !== this.#socket) return;
    this.#received = Buffer.concat([this.#received, chunk]);
    try {
      if (this.#pending === undefined) {
        throw new TpmError("tpm.malformed", `${this.name} sent bytes that nobody asked for`);
      }
      const response = frameResponse(this.#received, this.name);
      if (response === undefined) return;
      this.#received = new Uint8Array();
      const { resolve } = this.#pending;
      this.#pending = undefined;
      resolve(response);
    } catch (error) {
      this.#fail(
        error instanceof TpmError
          ? error
          : new TpmError("tpm.malformed", `${this.name}: unreadable response`, { cause: error }),
      );
    }
  }

  #lose(socket: Socket, cause: Error | undefined): void {
    if (socket !== this.#socket) return;
    this.#fail(new TpmError("tpm.unavailable", `${this.name} closed the connection`, { cause }));
  }

  #fail(error: TpmError): void {
    this.#pending?.reject(error);
    this.#drop();
  }

  #drop(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#pending = undefined;
    this.#received = new Uint8Array();
  }
}
