import * as node from "node:crypto";
import {
  cryptoFrom,
  type MeterRole,
  packageBytes,
  statementHash,
  toHex,
} from "@powershare/domain/evidence";
import { TestDevice } from "@powershare/domain/testing";
import { makeBatch } from "../app/make-batch.js";
import type { Parcel, Store, StoredReading, UnsentEvidence } from "../ports/store.js";

const meter = "eastron/sdm630:1";
const roles = new Map<string, MeterRole>([[meter, "connection"]]);
const startMs = Date.parse("2026-06-01T12:00:00.000Z");
/** Readings are committed in groups of this size. */
export const groupSize = 3;
/** One more than a slot has, so that each batch closes an interval. */
const readingsPerBatch = 21;
const { sha256 } = cryptoFrom(node);

/** How far a package has come, as a number that only rises. */
export const parcelStates = ["stored", "prepared", "submitted", "committed"] as const;

export type ScriptStore = Pick<
  Store,
  | "lastSequence"
  | "insertReadings"
  | "pendingReadings"
  | "sealedHead"
  | "saveSealed"
  | "nextParcel"
  | "unsentEvidence"
  | "addParcel"
  | "changeParcel"
  | "pinMeter"
  | "prune"
>;

/**
 * What an agent does to its store in a day, as fast as the disk allows: readings in groups, a sealed
 * batch with its interval, the package on its way to the ledger, and old readings deleted. What comes
 * next depends on nothing but what is in the store, so a writer that was killed goes on.
 */
export class StoreScript {
  readonly #store: ScriptStore;
  readonly #acknowledge: (line: string) => void;
  readonly #device = new TestDevice(node, "h1");

  /** `acknowledge` is told what is on the disk: `readings N`, `sealed N`, `package FIRST STATE`. */
  constructor(store: ScriptStore, acknowledge: (line: string) => void) {
    this.#store = store;
    this.#acknowledge = acknowledge;
  }

  /** One transaction, the most urgent one. */
  step(): void {
    const store = this.#store;
    const parcel = store.nextParcel(meter);
    if (parcel !== undefined) {
      this.#moveOn(parcel);
      return;
    }
    const unsent = store.unsentEvidence(meter, 2);
    if (unsent !== undefined) this.#pack(unsent);
    else if (store.pendingReadings(readingsPerBatch).length >= readingsPerBatch) this.#seal();
    else this.#read();
  }

  #read(): void {
    const first = this.#store.lastSequence() + 1;
    if (first === 1) this.#store.pinMeter("line1/1", meter);
    const group = Array.from({ length: groupSize }, (_, index) => readingNumber(first + index));
    this.#store.insertReadings(group);
    this.#acknowledge(`readings ${first + groupSize - 1}`);
  }

  #seal(): void {
    const head = this.#store.sealedHead();
    const pending = this.#store.pendingReadings(2000);
    const last = this.#store.lastSequence();
    const context = {
      participant: "h1",
      device: this.#device.id,
      roles,
      slots: { seconds: 20, boundaryToleranceMs: 3000, earliest: "2026-01-01T00:00:00.000Z" },
      at: instant(last),
      monotonicMs: last * 1000,
      bootId: "boot",
      clock: "synchronised",
    } as const;
    const batch = makeBatch(head, pending, context, sha256);
    if (batch === undefined) throw new Error("nothing to seal");
    const { statement, intervals, builders } = batch;
    const { attest, signature } = this.#device.certifyCounter(
      statementHash(statement, sha256),
      BigInt(statement.sequence),
    );
    const checkpoint = { statement, attest: toHex(attest), signature: toHex(signature) };
    this.#store.saveSealed({ checkpoint, intervals, builders });
    this.#acknowledge(`sealed ${statement.sequence}`);
  }

  #pack({ intervals: unsent, checkpoint }: UnsentEvidence): void {
    const intervals = [...unsent];
    const content = { v: 1, participant: "h1", meter, intervals, checkpoint } as const;
    const signature = toHex(this.#device.reading.sign(packageBytes(content)));
    this.#store.addParcel({ ...content, signature });
    this.#acknowledge(`package ${intervals[0]?.sequence} stored`);
  }

  #moveOn({ id, state, package: { intervals } }: Parcel): void {
    const first = intervals[0]?.sequence ?? 0;
    if (state === "stored" || state === "refused") {
      const transactionId = `transaction-${first}`;
      const envelope = Buffer.alloc(1500, first % 251);
      this.#store.changeParcel(id, { state: "prepared", transactionId, envelope });
      this.#acknowledge(`package ${first} prepared`);
    } else if (state === "prepared") {
      this.#store.changeParcel(id, { state: "submitted" });
      this.#acknowledge(`package ${first} submitted`);
    } else {
      this.#store.changeParcel(id, { state: "committed" });
      this.#acknowledge(`package ${first} committed`);
      // Nothing is old in this script but the size: all that may go, goes.
      if (first % 4 === 0) this.#store.prune({ beforeMs: startMs, maxBytes: 100_000 });
    }
  }
}

function instant(sequence: number): string {
  return new Date(startMs + sequence * 1000).toISOString();
}

function readingNumber(sequence: number): StoredReading {
  return {
    reading: {
      v: 1,
      meter,
      sequence,
      at: instant(sequence),
      monotonicMs: sequence * 1000,
      bootId: "boot",
      clock: "synchronised",
      profile: "ab".repeat(32),
      registers: [{ table: "input", address: 0, bytes: sequence.toString(16).padStart(480, "0") }],
      quality: "good",
    },
    energy: { importWh: sequence, exportWh: 0 },
  };
}
