import { TpmError } from "./errors.js";

/** Runs tasks one after the other, in the order given; refuses more than `limit` at once with `tpm.busy`. */
export class Queue {
  readonly #limit: number;
  readonly #what: string;
  #length = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(limit: number, what: string) {
    this.#limit = limit;
    this.#what = what;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#length >= this.#limit) {
      throw new TpmError("tpm.busy", `${this.#length} ${this.#what} are waiting already`);
    }
    this.#length += 1;
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      this.#length -= 1;
    }
  }

  /** Resolves when the tasks given so far are done. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}
