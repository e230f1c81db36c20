import * as node from "node:crypto";
import { cryptoFrom, type MeterRole, statementHash, toHex } from "@powershare/domain/evidence";
import { loadProfile } from "@powershare/firmware-profiles";
import { makeBatch } from "../app/make-batch.js";
import type { Signer } from "../ports/signer.js";
import type { Store, StoredReading } from "../ports/store.js";

const { sha256 } = cryptoFrom(node);
const groupedReadings = 500;
const bootId = "boot-of-the-backlog";

export interface BacklogMeter {
  readonly id: string;
  readonly role: MeterRole;
  /** Where it is on the line, as the agent will find it. */
  readonly place: string;
  /** Registers at the end; they rise evenly from 0. */
  readonly importWh: number;
  readonly exportWh: number;
}

export interface BacklogOptions {
  readonly store: Store;
  readonly signer: Pick<Signer, "device" | "checkpoint">;
  readonly participant: string;
  readonly meters: readonly BacklogMeter[];
  /** UTC of the first boundary; a multiple of the slot. */
  readonly startMs: number;
  readonly slotSeconds: number;
  readonly slots: number;
  readonly readingEveryMs: number;
  /** Readings under one checkpoint, at most. */
  readonly readingsPerCheckpoint: number;
}

export interface BacklogSize {
  readonly readings: number;
  readonly checkpoints: number;
  readonly intervals: number;
}

/** Writes what an agent leaves that could measure and seal for a long time, and send nothing. */
export async function writeBacklog(options: BacklogOptions): Promise<BacklogSize> {
  const { store, meters, readingsPerCheckpoint } = options;
  for (const { place, id } of meters) store.pinMeter(place, id);
  const size = { readings: store.lastSequence(), checkpoints: 0, intervals: 0 };
  let staged: StoredReading[] = [];
  const save = async (): Promise<void> => {
    store.insertReadings(staged);
    staged = [];
    for (;;) {
      const closed = await sealNext(options);
      if (closed === undefined) return;
      size.checkpoints += 1;
      size.intervals += closed;
    }
  };
  const atOnce = Math.ceil(groupedReadings / readingsPerCheckpoint) * readingsPerCheckpoint;
  for (const { reading, energy } of readingsOf(options)) {
    size.readings += 1;
    staged.push({ reading: { ...reading, sequence: size.readings }, energy });
    if (staged.length >= atOnce) await save();
  }
  await save();
  return size;
}

/** Seals the oldest batch. @returns intervals closed; undefined where nothing is pending */
async function sealNext(options: BacklogOptions): Promise<number | undefined> {
  const { store, signer, participant, meters, slotSeconds } = options;
  const pending = store.pendingReadings(options.readingsPerCheckpoint);
  const newest = pending.at(-1);
  if (newest === undefined || !("reading" in newest)) return undefined;
  const { at, monotonicMs, clock } = newest.reading;
  const batch = makeBatch(
    store.sealedHead(),
    pending,
    {
      participant,
      device: signer.device,
      at,
      monotonicMs,
      bootId,
      clock,
      roles: new Map(meters.map(({ id, role }) => [id, role])),
      slots: {
        seconds: slotSeconds,
        boundaryToleranceMs: 1000,
        earliest: "2000-01-01T00:00:00.000Z",
      },
    },
    sha256,
  );
  if (batch === undefined) return undefined;
  const { statement, intervals, builders } = batch;
  const { attest, signature } = await signer.checkpoint(statementHash(statement, sha256));
  store.saveSealed({
    checkpoint: { statement, attest: toHex(attest), signature: toHex(signature) },
    intervals,
    builders,
  });
  return intervals.length;
}

/** All meters, one after the other, each round; from the first boundary to the last, both included. */
function* readingsOf(options: BacklogOptions): Generator<StoredReading> {
  const { meters, startMs, slotSeconds, slots, readingEveryMs } = options;
  const lengthMs = slots * slotSeconds * 1000;
  const hashes = new Map(meters.map(({ id }) => [id, loadProfile(profileOf(id)).hash]));
  for (let passedMs = 0; passedMs <= lengthMs; passedMs += readingEveryMs) {
    for (const { id, importWh, exportWh } of meters) {
      const share = passedMs / lengthMs;
      yield {
        reading: {
          v: 1,
          meter: id,
          sequence: 0,
          at: new Date(startMs + passedMs).toISOString(),
          monotonicMs: 60_000 + passedMs,
          bootId,
          clock: "synchronised",
          profile: hashes.get(id) ?? "",
          // As many bytes as a real plan reads of the registers that are always read.
          registers: [{ table: "input", address: 0, bytes: "00".repeat(160) }],
          quality: "good",
        },
        energy: {
          importWh: Math.floor(importWh * share),
          exportWh: Math.floor(exportWh * share),
        },
      };
    }
  }
}

function profileOf(meter: string): string {
  return meter.slice(0, meter.indexOf(":"));
}
