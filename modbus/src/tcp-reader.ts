import type { ModbusRTU } from "modbus-serial/ModbusRTU.js";
import { systemClock } from "./clock.js";
import { BusError } from "./errors.js";
import { assertRange, type RegisterRange } from "./frame.js";
import { within } from "./line.js";
import type { ReadRequest, RegisterReader } from "./rtu-master.js";

const connectDeadlineMs = 5_000;
const maxQueued = 64;

/**
 * Modbus TCP client of one host, over modbus-serial: its transaction numbers tell late answers
 * apart. One request at a time; connects at the first read and again after a failure.
 */
class TcpReader implements RegisterReader {
  readonly #host: string;
  readonly #port: number;
  #client: ModbusRTU | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #queued = 0;
  #closed = false;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  async read(request: ReadRequest): Promise<Uint8Array> {
    assertRange(request);
    if (this.#queued >= maxQueued) {
      throw this.#error("bus.queue-full", request, `${this.#queued} requests wait already`);
    }
    this.#queued++;
    const turn = this.#last.then(() => this.#exchange(request));
    this.#last = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      this.#queued--;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#drop();
  }

  async #exchange(request: ReadRequest): Promise<Uint8Array> {
    if (this.#closed) throw this.#error("bus.closed", request, "the connection was closed");
    const client = await this.#connected(request);
    client.setID(request.unit);
    client.setTimeout(request.timeoutMs ?? 500);
    const { address, count } = request;
    try {
      const { buffer } = await (request.table === "input"
        ? client.readInputRegisters(address, count)
        : client.readHoldingRegisters(address, count));
      if (buffer.length === 2 * count) return Uint8Array.from(buffer);
    } catch (cause) {
      throw this.#refused(request, cause);
    }
    throw this.#error("bus.crc", request, "the answer has not as many registers as asked for");
  }

  async #connected(request: RegisterRange): Promise<ModbusRTU> {
    if (this.#client?.isOpen) return this.#client;
    this.#drop();
    const { default: modbus } = await import("modbus-serial");
    const client = new modbus.default();
    client.on("error", () => {});
    this.#client = client;
    try {
      const connecting = client.connectTCP(this.#host, { port: this.#port });
      await within(systemClock, connectDeadlineMs, connecting);
      return client;
    } catch (cause) {
      this.#drop();
      throw this.#error("bus.port-missing", request, `no connection: ${textOf(cause)}`, { cause });
    }
  }

  /** modbus-serial marks exceptions by `modbusCode` and time-outs by `errno`. */
  #refused(request: ReadRequest, cause: unknown): BusError {
    const { modbusCode, errno } = marksOf(cause);
    if (typeof modbusCode === "number") {
      const text = `the meter answered with exception ${modbusCode}`;
      return this.#error("bus.exception", request, text, { cause, exceptionCode: modbusCode });
    }
    if (errno === "ETIMEDOUT" && this.#client?.isOpen) {
      const text = `no answer within ${request.timeoutMs ?? 500} ms`;
      return this.#error("bus.timeout", request, text, { cause });
    }
    this.#drop();
    // A request on a connection that was closed meanwhile ends as a time-out there.
    const why = errno === "ETIMEDOUT" ? "the other side closed it" : textOf(cause);
    return this.#error("bus.port-gone", request, `the connection broke: ${why}`, { cause });
  }

  #drop(): void {
    this.#client?.destroy(() => {});
    this.#client = undefined;
  }

  #error(
    code: BusError["code"],
    { unit, table, address, count }: RegisterRange,
    text: string,
    options: { cause?: unknown; exceptionCode?: number } = {},
  ): BusError {
    const where = `${this.#host}:${this.#port}, unit ${unit}`;
    const what = `${table} registers ${address}-${address + count - 1}`;
    return new BusError(code, `${where}, ${what}: ${text}`, options);
  }
}

const textOf = (cause: unknown): string => {
  if (cause instanceof Error) return cause.message;
  return typeof cause === "object" && cause !== null && "message" in cause
    ? String(cause.message)
    : String(cause);
};

function marksOf(cause: unknown): { modbusCode?: unknown; errno?: unknown } {
  return typeof cause === "object" && cause !== null ? cause : {};
}

/** Reads meters over Modbus TCP; `bus.port-missing` on reads while nothing answers there. */
export function openTcpReader({ host, port }: { host: string; port: number }): RegisterReader {
  return new TcpReader(host, port);
}
