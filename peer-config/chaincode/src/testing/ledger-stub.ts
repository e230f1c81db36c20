import type { ChaincodeStub } from "fabric-shim";

interface Versioned {
  readonly value: Buffer;
  readonly version: number;
}

/** Identity as the peer hands it over. */
export interface TestIdentity {
  readonly mspid: string;
  readonly idBytes: Uint8Array;
}

/** What an endorsement read and would write: valid only while nothing of what it read has changed. */
export interface Simulation {
  readonly reads: ReadonlyMap<string, number | undefined>;
  readonly ranges: readonly { readonly prefix: string; readonly seen: string }[];
  readonly writes: ReadonlyMap<string, Buffer | undefined>;
  readonly policies: ReadonlyMap<string, Uint8Array>;
  readonly event: { readonly name: string; readonly payload: unknown } | undefined;
}

export type Verdict = "VALID" | "MVCC_READ_CONFLICT" | "PHANTOM_READ_CONFLICT";

/** A world state with Fabric's rules of validity (validation/statebased in fabric/core/ledger/kvledger). */
export class TestState {
  readonly #values = new Map<string, Versioned>();
  readonly policies = new Map<string, Uint8Array>();
  #version = 0;

  get(key: string): Versioned | undefined {
    return this.#values.get(key);
  }

  range(prefix: string): [string, Versioned][] {
    return [...this.#values]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  /** What a range read sees: its keys and their versions. */
  seen(prefix: string): string {
    return this.range(prefix)
      .map(([key, { version }]) => `${key}@${version}`)
      .join();
  }

  commit({ reads, ranges, writes, policies }: Simulation): Verdict {
    for (const [key, version] of reads) {
      if (this.get(key)?.version !== version) return "MVCC_READ_CONFLICT";
    }
    if (ranges.some(({ prefix, seen }) => this.seen(prefix) !== seen))
      return "PHANTOM_READ_CONFLICT";
    this.#version += 1;
    for (const [key, value] of writes) {
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, { value, version: this.#version });
    }
    for (const [key, policy] of policies) this.policies.set(key, policy);
    return "VALID";
  }
}

/** One call's view of the state. As in Fabric, it never sees what it writes itself. */
export class LedgerStub {
  readonly #state: TestState;
  readonly #call: {
    readonly identity: TestIdentity;
    readonly name: string;
    readonly args: readonly string[];
    readonly transactionId: string;
    readonly timestamp: Date;
  };
  readonly #reads = new Map<string, number | undefined>();
  readonly #ranges: { prefix: string; seen: string }[] = [];
  readonly #writes = new Map<string, Buffer | undefined>();
  readonly #policies = new Map<string, Uint8Array>();
  #event: Simulation["event"];

  constructor(
    state: TestState,
    call: {
      identity: TestIdentity;
      name: string;
      args: readonly string[];
      transactionId: string;
      timestamp: Date;
    },
  ) {
    this.#state = state;
    this.#call = call;
  }

  simulation(): Simulation {
    return {
      reads: this.#reads,
      ranges: this.#ranges,
      writes: this.#writes,
      policies: this.#policies,
      event: this.#event,
    };
  }

  /** As fabric-shim types it: of its many methods these are the ones that chaincode here uses. */
  asStub(): ChaincodeStub {
    return this as unknown as ChaincodeStub;
  }

  getBufferArgs(): Buffer[] {
    return [this.#call.name, ...this.#call.args].map((text) => Buffer.from(text));
  }
  getTxID(): string {
    return this.#call.transactionId;
  }
  getChannelID(): string {
    return "test";
  }
  getCreator(): TestIdentity {
    return this.#call.identity;
  }
  getDateTimestamp(): Date {
    return this.#call.timestamp;
  }
  createCompositeKey(type: string, parts: readonly string[]): string {
    return `\u0000${[type, ...parts].map((part) => `${part}\u0000`).join("")}`;
  }
  splitCompositeKey(key: string): { objectType: string; attributes: string[] } {
    const [objectType = "", ...attributes] = key.slice(1, -1).split("\u0000");
    return { objectType, attributes };
  }
  async getState(key: string): Promise<Uint8Array> {
    const found = this.#state.get(key);
    this.#reads.set(key, found?.version);
    return found?.value ?? new Uint8Array(0);
  }
  async putState(key: string, value: Uint8Array): Promise<void> {
    this.#writes.set(key, Buffer.from(value));
  }
  async deleteState(key: string): Promise<void> {
    this.#writes.set(key, undefined);
  }
  async setStateValidationParameter(key: string, policy: Uint8Array): Promise<void> {
    this.#policies.set(key, policy);
  }
  async *getStateByPartialCompositeKey(type: string, parts: readonly string[]) {
    const prefix = this.createCompositeKey(type, parts);
    this.#ranges.push({ prefix, seen: this.#state.seen(prefix) });
    for (const [key, { value }] of this.#state.range(prefix)) {
      yield { namespace: "test", key, value };
    }
  }
  setEvent(name: string, payload: Uint8Array): void {
    this.#event = { name, payload: JSON.parse(Buffer.from(payload).toString("utf8")) };
  }
}
