import { type Clock, spinningClock } from "./clock.js";
import { type Fault, type FaultScript, spoil } from "./faults.js";
import {
  answerFrame,
  exceptionFrame,
  parseRequest,
  type RegisterRange,
  requestLength,
  type Table,
} from "./frame.js";
import { characterMs, type Parity, silenceMs } from "./timing.js";

/** The registers of one meter: 2 × count bytes, or a Modbus exception code (2: no such register). */
export type RegisterBank = (
  table: Table,
  address: number,
  count: number,
) => Uint8Array | { readonly exceptionCode: number };

/** The end of a line, as Node's streams have it. */
export interface ByteStream {
  on(event: "data", listener: (bytes: Uint8Array) => void): unknown;
  off(event: "data", listener: (bytes: Uint8Array) => void): unknown;
  write(bytes: Uint8Array): unknown;
}

export interface RtuServerOptions {
  readonly baudRate: number;
  readonly parity?: Parity;
  readonly units: ReadonlyMap<number, RegisterBank>;
  /** What the meters need to think before each answer, beyond the silence, ms. Default 0. */
  readonly turnaroundMs?: number;
  readonly faults?: FaultScript;
  /** How often an adapter hands over what has come, ms: 1, or 16 for an FTDI chip as delivered. Default 1. */
  readonly chunkMs?: number;
  readonly clock?: Clock;
}

export interface RtuServerCounts {
  /** Sound requests seen. */
  readonly requests: number;
  /** Requests that began less than 3.5 characters after the last byte of an answer. */
  readonly gapViolations: number;
}

export interface RtuServer {
  counts(): RtuServerCounts;
  close(): void;
}

interface Sending {
  readonly frame: Uint8Array;
  readonly startMs: number;
  sent: number;
}

/** Answers that wait to be sent; a master that asks faster than the line is answered no more. */
const maxSendings = 16;
/** Former answers that are kept to be replayed. */
const maxFormer = 64;
const forgetMs = 50;
/** What adding fractions of milliseconds may lose. */
const roundingMs = 1e-6;

/**
 * Meters on one line, at the true byte pace of the baud rate: a request takes its time on the
 * wire though a pseudo-terminal delivers it at once, then come 3.5 characters of silence and the
 * turnaround, then the answer's bytes, each when it is due. One timer, alive only while sending.
 */
class Server implements RtuServer {
  readonly #stream: ByteStream;
  readonly #options: RtuServerOptions;
  readonly #clock: Clock;
  readonly #byteMs: number;
  readonly #gapMs: number;
  readonly #sendings: Sending[] = [];
  readonly #listener = (bytes: Uint8Array) => this.#receive(bytes);
  #received: number[] = [];
  #lastReceivedMs = Number.NEGATIVE_INFINITY;
  #lastSentMs = Number.NEGATIVE_INFINITY;
  #requests = 0;
  #gapViolations = 0;
  #deafUntilMs = Number.NEGATIVE_INFINITY;
  #previous: Uint8Array | undefined;
  readonly #former = new Map<string, Uint8Array>();
  #cancelTick: (() => void) | undefined;

  constructor(stream: ByteStream, options: RtuServerOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#clock = options.clock ?? spinningClock;
    this.#byteMs = characterMs(options.baudRate, options.parity);
    this.#gapMs = silenceMs(options.baudRate, options.parity);
    stream.on("data", this.#listener);
  }

  counts(): RtuServerCounts {
    return { requests: this.#requests, gapViolations: this.#gapViolations };
  }

  close(): void {
    this.#stream.off("data", this.#listener);
    this.#cancelTick?.();
    this.#sendings.length = 0;
  }

  #receive(bytes: Uint8Array): void {
    const now = this.#clock.now();
    if (now - this.#lastReceivedMs > forgetMs) this.#received = [];
    const isFirst = this.#received.length === 0;
    if (isFirst && now - this.#lastSentMs < this.#gapMs - roundingMs) this.#gapViolations++;
    this.#lastReceivedMs = now;
    this.#received.push(...bytes);
    while (this.#received.length >= requestLength) {
      const asked = parseRequest(Uint8Array.from(this.#received.slice(0, requestLength)));
      this.#received.splice(0, asked ? requestLength : 1);
      if (asked) this.#answer(asked, now);
    }
  }

  #answer(asked: RegisterRange, nowMs: number): void {
    const fault = this.#options.faults?.({ ...asked, index: this.#requests });
    this.#requests++;
    const bank = this.#options.units.get(asked.unit);
    if (!bank || nowMs < this.#deafUntilMs) return;
    const sound = this.#frameOf(asked, bank);
    const readyMs =
      nowMs + requestLength * this.#byteMs + this.#gapMs + (this.#options.turnaroundMs ?? 0);
    if (!fault) this.#send(sound, readyMs);
    else this.#misbehave(fault, sound, asked, readyMs);
    this.#previous = sound;
    this.#keep(asked, sound);
    if (!this.#cancelTick) this.#tick();
  }

  #frameOf({ unit, table, address, count }: RegisterRange, bank?: RegisterBank): Uint8Array {
    const value = bank?.(table, address, count) ?? { exceptionCode: 2 };
    return value instanceof Uint8Array
      ? answerFrame(unit, table, value)
      : exceptionFrame(unit, table, value.exceptionCode);
  }

  #misbehave(fault: Fault, sound: Uint8Array, asked: RegisterRange, readyMs: number): void {
    const former = this.#former.get(keyOf(asked));
    const bankOf = ({ unit }: RegisterRange) =>
      this.#options.units.get(unit) ?? this.#options.units.get(asked.unit);
    const answerTo = (other: RegisterRange) => this.#frameOf(other, bankOf(other));
    const frames = { asked, answerTo, sound, previous: this.#previous, former };
    let startMs = readyMs;
    for (const { bytes, afterMs } of spoil(fault, frames)) {
      startMs = this.#send(bytes, startMs + afterMs);
    }
    if (fault.kind === "late-and-deaf") this.#deafUntilMs = startMs;
  }

  /** Sends from `startMs` on, or behind what is sent before. @returns when its last byte will have come */
  #send(frame: Uint8Array, startMs: number): number {
    const before = this.#sendings.at(-1);
    const freeMs = before ? before.startMs + before.frame.length * this.#byteMs + this.#gapMs : 0;
    const beginMs = Math.max(startMs, freeMs);
    if (frame.length > 0 && this.#sendings.length < maxSendings) {
      this.#sendings.push({ frame, startMs: beginMs, sent: 0 });
    }
    return beginMs + frame.length * this.#byteMs;
  }

  #keep(asked: RegisterRange, sound: Uint8Array): void {
    if (!this.#options.faults) return;
    this.#former.set(keyOf(asked), sound);
    const [oldest] = this.#former.keys();
    if (this.#former.size > maxFormer && oldest !== undefined) this.#former.delete(oldest);
  }

  #tick(): void {
    const now = this.#clock.now();
    const current = this.#sendings[0];
    this.#cancelTick = undefined;
    if (!current) return;
    // A byte has arrived when its last bit has: one character after it began.
    const due = Math.floor((now - current.startMs) / this.#byteMs + roundingMs);
    const upTo = Math.min(due, current.frame.length);
    if (upTo > current.sent) {
      this.#stream.write(current.frame.slice(current.sent, upTo));
      current.sent = upTo;
      this.#lastSentMs = now;
    }
    if (current.sent === current.frame.length) this.#sendings.shift();
    const next = this.#sendings[0];
    if (!next) return;
    const firstMs = next.startMs + (next.sent + 1) * this.#byteMs - now;
    const lastMs = next.startMs + next.frame.length * this.#byteMs - now;
    // The last byte is sent on time, so that an answer takes no longer than on a real line.
    this.#cancelTick =
      lastMs < 2 * this.#byteMs
        ? this.#clock.afterExactly(Math.max(0, lastMs), () => this.#tick())
        : this.#clock.after(Math.max(this.#options.chunkMs ?? 1, firstMs), () => this.#tick());
  }
}

const keyOf = ({ unit, table, address, count }: RegisterRange): string =>
  `${unit} ${table} ${address} ${count}`;

/**
 * Serves Modbus RTU on one end of a line for a simulator or a test: function 3 (holding) and 4
 * (input); other functions, unknown units and damaged requests are left unanswered.
 */
export function serveRtu(stream: ByteStream, options: RtuServerOptions): RtuServer {
  return new Server(stream, options);
}
