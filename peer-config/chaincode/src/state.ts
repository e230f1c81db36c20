import type { ChaincodeStub } from "fabric-shim";
import type { z } from "zod";

/** Key of a record: a type and what tells records of that type apart. Scans go by type and leading parts. */
export interface Key {
  readonly type: string;
  readonly parts: readonly string[];
}

export interface Stored<T> {
  readonly key: string;
  readonly value: T;
}

/**
 * The world state as JSON records, parsed by schema when read. As everywhere in Fabric, a read does not see
 * what the same transaction wrote, and what was read must be unchanged at the commit: a key that
 * changed, or a scanned range that gained or lost one, makes the transaction invalid (codes 11 and 12).
 */
export class State {
  readonly #stub: ChaincodeStub;
  constructor(stub: ChaincodeStub) {
    this.#stub = stub;
  }

  /** A record, or undefined where there is none. */
  async get<T>(key: Key, schema: z.ZodType<T>): Promise<T | undefined> {
    const bytes = await this.#stub.getState(this.#composite(key));
    return bytes.length === 0 ? undefined : schema.parse(parse(bytes));
  }

  async has(key: Key): Promise<boolean> {
    return (await this.#stub.getState(this.#composite(key))).length > 0;
  }

  /** Same input, same order of fields, same bytes: all endorsers write the same. */
  async put(key: Key, value: object): Promise<void> {
    await this.#stub.putState(this.#composite(key), Buffer.from(JSON.stringify(value)));
  }

  /** Deletes by the key that a scan gave. */
  async delete(storedKey: string): Promise<void> {
    await this.#stub.deleteState(storedKey);
  }

  /** All records, or the first so many, of a type whose key begins with these parts, in the order of their keys. */
  async scan<T>(
    type: string,
    parts: readonly string[],
    schema: z.ZodType<T>,
    most = Number.POSITIVE_INFINITY,
  ): Promise<Stored<T>[]> {
    const found: Stored<T>[] = [];
    for await (const { key, value } of this.#stub.getStateByPartialCompositeKey(type, [...parts])) {
      found.push({ key, value: schema.parse(parse(value)) });
      if (found.length >= most) break;
    }
    return found;
  }

  /** The parts of a key that a scan gave. */
  partsOf(storedKey: string): readonly string[] {
    return this.#stub.splitCompositeKey(storedKey).attributes;
  }

  /** From its next change on, this key needs endorsements by the given policy beside the chaincode's own. */
  async setPolicy(key: Key, policy: Uint8Array): Promise<void> {
    await this.#stub.setStateValidationParameter(this.#composite(key), policy);
  }

  #composite({ type, parts }: Key): string {
    return this.#stub.createCompositeKey(type, [...parts]);
  }
}

function parse(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString("utf8"));
}
