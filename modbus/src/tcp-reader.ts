import type { ModbusRTU } from "modbus-serial/ModbusRTU.js";
import { type Clock, systemClock } from "./clock.js";
import { Dispatcher, type Job } from "./dispatcher.js";
import { BusError } from "./errors.js";
import type { Answer } from "./frame.js";
import { firstReopenMs, longestReopenMs, OverdueError, within } from "./line.js";
import type { MeterStatistics } from "./meter-watch.js";
import type { ReaderOptions, ReadRequest, RegisterReader } from "./register-reader.js";

export interface TcpOptions extends ReaderOptions {
  readonly host: string;
  /** Modbus TCP is at 502 by standard. */
  readonly port: number;
}

const connectDeadlineMs = 5_000;
/** Beyond the meter's own time, for the network, ms. */
const networkMs = 50;
/** So many requests without any answer in a row, and the connection itself is suspect. */
const mostUnanswered = 3;

/**
 * Modbus TCP client of one host, over modbus-serial: its transaction numbers tell late answers
 * apart, and it refuses another unit, function or length. One request at a time, the meters behind
 * a gateway in turn. Connects at the first read; after a failure again, with growing pauses in
 * which reads fail at once.
 */
class TcpReader implements RegisterReader {
  readonly #options: TcpOptions;
  readonly #clock: Clock = systemClock;
  readonly #dispatcher: Dispatcher;
  #client: ModbusRTU | undefined;
  #isFresh = false;
  #unanswered = 0;
  #reconnectMs = firstReopenMs;
  #notBeforeMs = 0;
  #missing = "";
  #onClose = () => {};

  constructor(options: TcpOptions) {
    this.#options = options;
    this.#dispatcher = new Dispatcher({
      ...options,
      name: `${options.host}:${options.port}`,
      clock: this.#clock,
      random: Math.random,
      units: "tcp",
      exchange: (job) => this.#exchange(job),
    });
  }

  read(request: ReadRequest): Promise<Uint8Array> {
    return this.#dispatcher.read(request);
  }

  statistics(unit: number): MeterStatistics {
    return this.#dispatcher.statistics(unit);
  }

  async close(): Promise<void> {
    this.#dispatcher.close();
    this.#drop();
  }

  async #exchange(job: Job): Promise<Answer> {
    try {
      return await this.#ask(job);
    } catch (error) {
      // The other side may have closed an idle connection: that shows only when it is used.
      const isIdle = error instanceof BusError && error.code === "bus.port-gone" && !this.#isFresh;
      if (!isIdle || job.expired || this.#dispatcher.isClosed) throw error;
      return await this.#ask(job);
    }
  }

  async #ask({ request }: Job): Promise<Answer> {
    const client = await this.#connected(request);
    const { unit, table, address, count } = request;
    const meter = this.#dispatcher.meter(unit);
    const timeoutMs = meter.watch.timeoutMs(request.timeoutMs ?? 500);
    if (meter.pauseMs > 0) await this.#dispatcher.rest(meter.pauseMs);
    client.setID(unit);
    client.setTimeout(Math.ceil(timeoutMs));
    const sentMs = this.#clock.now();
    try {
      const reading =
        table === "input"
          ? client.readInputRegisters(address, count)
          : client.readHoldingRegisters(address, count);
      const answer = this.#unlessClosed(reading);
      const { buffer } = await within(this.#clock, timeoutMs + networkMs, answer);
      if (buffer.length !== 2 * count) throw new Error("the byte count is not that asked for");
      const now = this.#clock.now();
      meter.watch.answered(now - sentMs, now);
      this.#alive();
      return { kind: "registers", bytes: Uint8Array.from(buffer) };
    } catch (cause) {
      const exceptionCode = exceptionOf(cause);
      if (exceptionCode === undefined) throw this.#failed(request, timeoutMs, cause);
      meter.watch.failed("exception");
      this.#alive();
      return { kind: "exception", exceptionCode };
    }
  }

  /** The value, or a rejection as soon as the connection is closed: modbus-serial itself waits on. */
  #unlessClosed<T>(value: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#onClose = () => reject(new Error("the other side closed it"));
      value.then(resolve, reject);
    });
  }

  async #connected(request: ReadRequest): Promise<ModbusRTU> {
    if (this.#client?.isOpen) {
      this.#isFresh = false;
      return this.#client;
    }
    this.#drop();
    if (this.#clock.now() < this.#notBeforeMs) {
      throw this.#dispatcher.error("bus.port-missing", request, this.#missing);
    }
    const { default: modbus } = await import("modbus-serial");
    const client = new modbus.default();
    // Without a listener an 'error' would end the process.
    client.on("error", () => {});
    client.on("close", () => {
      if (this.#client === client) this.#onClose();
    });
    this.#client = client;
    try {
      const connecting = client.connectTCP(this.#options.host, { port: this.#options.port });
      await within(this.#clock, connectDeadlineMs, connecting);
    } catch (cause) {
      this.#drop();
      this.#missing = `no connection: ${textOf(cause)}`;
      this.#later(cause);
      throw this.#dispatcher.error("bus.port-missing", request, this.#missing, { cause });
    }
    if (this.#dispatcher.isClosed) {
      this.#drop();
      throw this.#dispatcher.error("bus.closed", request, "the connection was closed");
    }
    this.#isFresh = true;
    this.#unanswered = 0;
    this.#options.onPort?.({ open: true });
    return client;
  }

  /** The next attempt to connect waits, longer each time. */
  #later(cause: unknown): void {
    const delayMs = this.#reconnectMs * (0.75 + Math.random() / 2);
    this.#notBeforeMs = this.#clock.now() + delayMs;
    this.#reconnectMs = Math.min(2 * this.#reconnectMs, longestReopenMs);
    const { host, port, onPort } = this.#options;
    const error = new BusError("bus.port-missing", `${host}:${port}: ${this.#missing}`, { cause });
    onPort?.({ open: false, error });
  }

  #alive(): void {
    this.#unanswered = 0;
    this.#reconnectMs = firstReopenMs;
  }

  #failed(request: ReadRequest, timeoutMs: number, cause: unknown): BusError {
    const { watch } = this.#dispatcher.meter(request.unit);
    const isOpen = this.#client?.isOpen === true;
    const isTimeout = isOpen && isTimeoutMark(cause);
    if (isTimeout) {
      watch.failed("timeout");
      this.#unanswered++;
      // Bytes that are no Modbus TCP leave the rest of the stream unreadable.
      if (this.#unanswered >= mostUnanswered) this.#drop();
      const text = `no answer within ${Math.round(timeoutMs)} ms`;
      return this.#dispatcher.error("bus.timeout", request, text, { cause });
    }
    this.#drop();
    if (isOpen) {
      watch.failed("crc");
      const text = `the answer is not one to this request: ${textOf(cause)}`;
      return this.#dispatcher.error("bus.crc", request, text, { cause });
    }
    // A request on a connection that was closed meanwhile ends as a time-out there.
    const why = isTimeoutMark(cause) ? "the other side closed it" : textOf(cause);
    if (this.#isFresh) {
      this.#missing = `the connection broke: ${why}`;
      this.#later(cause);
    }
    const text = `the connection broke: ${why}`;
    return this.#dispatcher.error("bus.port-gone", request, text, { cause });
  }

  #drop(): void {
    this.#client?.destroy(() => {});
    this.#client = undefined;
  }
}

const textOf = (cause: unknown): string => {
  if (cause instanceof Error) return cause.message;
  return typeof cause === "object" && cause !== null && "message" in cause
    ? String(cause.message)
    : String(cause);
};

/** modbus-serial marks exceptions by `modbusCode` and time-outs by `errno`. */
function marksOf(cause: unknown): { modbusCode?: unknown; errno?: unknown } {
  return typeof cause === "object" && cause !== null ? cause : {};
}

function exceptionOf(cause: unknown): number | undefined {
  const { modbusCode } = marksOf(cause);
  return typeof modbusCode === "number" ? modbusCode : undefined;
}

const isTimeoutMark = (cause: unknown): boolean =>
  cause instanceof OverdueError || marksOf(cause).errno === "ETIMEDOUT";

/** Reads meters over Modbus TCP; `bus.port-missing` on reads while nothing answers there. */
export function openTcpReader(options: TcpOptions): RegisterReader {
  return new TcpReader(options);
}
