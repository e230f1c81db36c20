import { setTimeout as sleep } from "node:timers/promises";
import {
  type Command,
  decodeResponse,
  encodeCommand,
  type LoadedHandle,
  responseCodeOf,
} from "./commands/command.js";
import { flushContext, getHandles, startup } from "./commands/lifecycle.js";
import { HANDLE_RANGE } from "./constants.js";
import { TpmError, TpmResponseError } from "./errors.js";
import { Queue } from "./queue.js";
import { isRetryable, RC } from "./response-codes.js";
import type { Transport } from "./transports/transport.js";

export interface TpmOptions {
  /** Deadline of one command on the wire; default 10 s: slow chips take up to 0.6 s for a signature. */
  readonly commandTimeoutMs?: number;
  /** Deadline for opening the device or socket; default 3 s. */
  readonly connectTimeoutMs?: number;
  /** Commands that may wait at once; default 64. */
  readonly maxQueued?: number;
  /** Jitter of the backoff, in [0, 1); default `Math.random`. */
  readonly random?: () => number;
  /** Waits between tries of a command that the TPM put off; by default by the timers of Node. */
  readonly delay?: (delayMs: number) => Promise<unknown>;
}

/** The TPM wants TPM2_Startup, or does not know an object that it loaded for us. */
function tellsReset(command: Command<unknown>, { responseCode }: TpmResponseError): boolean {
  if (responseCode === RC.initialize) return command.code !== startup().code;
  return responseCode >= RC.referenceFirst && responseCode <= RC.referenceLast;
}

const MAX_TRIES = 9;
const FIRST_DELAY_MS = 10;
const MAX_LEFTOVERS = 64;

/**
 * One TPM, used by one process: commands run one at a time in the order they were given.
 *
 * A command that fails on the wire closes the channel; the next one opens it anew. Objects loaded before
 * are gone then, and using their handles throws `tpm.reopened`: load them again.
 */
export class Tpm {
  readonly #transport: Transport;
  readonly #options: Required<TpmOptions>;
  readonly #queue: Queue;
  #closed = false;
  #generation = 0;

  private constructor(transport: Transport, options: TpmOptions) {
    this.#transport = transport;
    this.#options = {
      commandTimeoutMs: 10_000,
      connectTimeoutMs: 3_000,
      maxQueued: 64,
      random: Math.random,
      delay: sleep,
      ...options,
    };
    this.#queue = new Queue(this.#options.maxQueued, "TPM commands");
  }

  /**
   * Connects, starts the TPM up and, where no resource manager does it, flushes what an earlier client left loaded.
   * @throws TpmError `tpm.unavailable`, `tpm.timeout` and those of {@link Tpm.run}.
   */
  static async open(transport: Transport, options: TpmOptions = {}): Promise<Tpm> {
    const tpm = new Tpm(transport, options);
    await tpm.#queue.run(() => tpm.#start());
    return tpm;
  }

  /** The device or socket, for messages. */
  get name(): string {
    return this.#transport.name;
  }

  /**
   * Runs one command, again with growing pauses while the TPM answers RETRY, YIELDED or TESTING.
   * @throws TpmResponseError if the TPM refuses it (`tpm.response`, `tpm.auth`, `tpm.locked`, `tpm.failure`,
   *   `tpm.busy` after the last try).
   * @throws TpmError `tpm.timeout`, `tpm.unavailable`, `tpm.malformed`, `tpm.reopened`, `tpm.closed`, or `tpm.busy`
   *   if the queue is full.
   */
  async run<Result>(command: Command<Result>): Promise<Result> {
    if (this.#closed) throw new TpmError("tpm.closed", `${this.name} was closed`);
    return this.#queue.run(async () => {
      if (!this.#transport.connected) await this.#start();
      return this.#send(command);
    });
  }

  /** Waits for the commands already given, then closes the channel. Sends no TPM2_Shutdown. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue.idle();
    await this.#transport.close();
  }

  async #start(): Promise<void> {
    try {
      await this.#transport.connect(this.#options.connectTimeoutMs);
      this.#generation += 1;
      await this.#startUp();
      if (!this.#transport.resourceManager) await this.#flushLeftovers();
    } catch (error) {
      await this.#transport.close();
      throw error;
    }
  }

  async #startUp(): Promise<void> {
    try {
      await this.#send(startup());
    } catch (error) {
      // It was started before, by the kernel or an earlier client.
      if (error instanceof TpmResponseError && error.responseCode === RC.initialize) return;
      throw error;
    }
  }

  /** swtpm and /dev/tpm0 keep the objects and sessions of a client that went away, and have room for three. */
  async #flushLeftovers(): Promise<void> {
    for (const first of [HANDLE_RANGE.transient, HANDLE_RANGE.loadedSession]) {
      const { values } = await this.#send(getHandles(first, MAX_LEFTOVERS));
      for (const handle of values) await this.#send(flushContext(handle));
    }
  }

  async #send<Result>(command: Command<Result>): Promise<Result> {
    const sessions = command.authorizations.map(({ session }) => session);
    for (const handle of [...command.handles, ...sessions]) {
      if (typeof handle !== "number") this.#checkGeneration(command, handle);
    }
    try {
      const response = await this.#exchange(command);
      return decodeResponse(command, response, this.#generation);
    } catch (error) {
      if (!(error instanceof TpmResponseError)) await this.#transport.close();
      else if (tellsReset(command, error)) {
        await this.#transport.close();
        const message = `${this.name} was reset; what was loaded is gone`;
        throw new TpmError("tpm.reopened", message, { cause: error });
      }
      throw error;
    }
  }

  async #exchange(command: Command<unknown>): Promise<Uint8Array> {
    const bytes = encodeCommand(command);
    for (let tried = 1; ; tried += 1) {
      const response = await this.#transport.exchange(bytes, this.#options.commandTimeoutMs);
      if (tried === MAX_TRIES || !isRetryable(responseCodeOf(response, command.name))) {
        return response;
      }
      const ceilingMs = FIRST_DELAY_MS * 2 ** tried;
      await this.#options.delay(ceilingMs * (0.5 + this.#options.random() / 2));
    }
  }

  #checkGeneration(command: Command<unknown>, handle: LoadedHandle): void {
    if (handle.generation === this.#generation) return;
    throw new TpmError(
      "tpm.reopened",
      `${command.name}: ${this.name} was opened anew since 0x${handle.value.toString(16)} was loaded`,
    );
  }
}
