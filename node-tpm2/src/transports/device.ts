import { type FileHandle, open } from "node:fs/promises";
import { reasonOf, TpmError } from "../errors.js";
import { withDeadline } from "./deadline.js";
import { frameResponse, MAX_RESPONSE_BYTES } from "./framing.js";
import type { Transport } from "./transport.js";

/**
 * A TPM behind a Linux character device: `/dev/tpmrm0`, whose kernel resource manager keeps our handles
 * apart from other programs' and flushes them with the file descriptor, or `/dev/tpm0` without one.
 * A device whose name holds no `tpmrm` is taken to have no resource manager.
 */
export function openDevice(path: string): Transport {
  return new DeviceTransport(path);
}

class DeviceTransport implements Transport {
  readonly name: string;
  readonly resourceManager: boolean;
  #file: FileHandle | undefined;
  /** A command that overran its deadline: write() and read() of a TPM device cannot be called off. */
  #overdue: Promise<unknown> | undefined;

  constructor(path: string) {
    this.name = path;
    this.resourceManager = path.includes("tpmrm");
  }

  get connected(): boolean {
    return this.#file !== undefined;
  }

  async connect(timeoutMs: number): Promise<void> {
    await this.close();
    if (this.#overdue !== undefined) {
      // Each unfinished call holds a thread of the process, so there is never more than one.
      throw new TpmError("tpm.unavailable", `${this.name} still works on an earlier command`);
    }
    const opening = open(this.name, "r+");
    try {
      const late = `${this.name} could not be opened in ${timeoutMs} ms`;
      this.#file = await withDeadline(opening, timeoutMs, late);
    } catch (cause) {
      if (!(cause instanceof TpmError)) {
        throw new TpmError("tpm.unavailable", `${this.name} cannot be opened: ${reasonOf(cause)}`, {
          cause,
        });
      }
      this.#watch(opening.then((file) => file.close()));
      throw cause;
    }
  }

  async exchange(command: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const file = this.#file;
    if (file === undefined) throw new TpmError("tpm.unavailable", `${this.name} is not open`);
    const answer = this.#transfer(file, command);
    try {
      return await withDeadline(
        answer,
        timeoutMs,
        `${this.name} gave no answer in ${timeoutMs} ms`,
      );
    } catch (error) {
      this.#file = undefined;
      // close() waits for the calls under way, so it is watched here and not awaited.
      this.#watch(file.close());
      throw error;
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** The kernel runs the command during write() and hands the whole response to read(). */
  async #transfer(file: FileHandle, command: Uint8Array): Promise<Uint8Array> {
    try {
      await file.write(command, 0, command.length, null);
      let received: Uint8Array = new Uint8Array();
      for (;;) {
        const chunk = new Uint8Array(MAX_RESPONSE_BYTES);
        const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
        if (bytesRead === 0)
          throw new TpmError("tpm.malformed", `${this.name}: response cut short`);
        received = Buffer.concat([received, chunk.subarray(0, bytesRead)]);
        const response = frameResponse(received, this.name);
        if (response !== undefined) return response;
      }
    } catch (cause) {
      if (cause instanceof TpmError) throw cause;
      throw new TpmError("tpm.unavailable", `${this.name} failed: ${reasonOf(cause)}`, { cause });
    }
  }

  #watch(work: Promise<unknown>): void {
    const settled = work
      .catch(() => undefined)
      .then(() => {
        if (this.#overdue === settled) this.#overdue = undefined;
      });
    this.#overdue = settled;
  }
}
