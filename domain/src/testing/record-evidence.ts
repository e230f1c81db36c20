import { fromHex, toHex } from "../evidence/bytes.js";
import type { EvidenceFile } from "../evidence/evidence-file.js";
import {
  emptyHead,
  entryLeaf,
  intervalHash,
  nextHead,
  quoteStatementHash,
  statementHash,
  zeroHash,
} from "../evidence/hashes.js";
import { MerkleTree } from "../evidence/merkle.js";
import { pcrAfter, softwareQuoted } from "../evidence/software.js";
import type {
  Checkpoint,
  Event,
  EvidencePackage,
  Interval,
  LogEntry,
  Reading,
  Statement,
} from "../evidence/types.js";
import {
  type IntervalState,
  newIntervals,
  nextInterval,
  sealInterval,
} from "../metering/interval-builder.js";
import type { TestDevice, TestMeter } from "./test-household.js";

const bootId = "0b5d6c1e-7a53-4d52-9a43-3a6a1c4f6a01";

/**
 * Evidence of a device that polls its meters every second for some slots: real readings, batches,
 * intervals, checkpoints and packages. A batch is sealed at the end of every slot.
 */
export function recordEvidence(
  device: TestDevice,
  participant: string,
  meters: readonly TestMeter[],
  {
    start,
    slotSeconds,
    slots,
    eventAtSecond,
    quoteAtSecond,
    pollSeconds = 1,
  }: {
    start: string;
    slotSeconds: number;
    slots: number;
    eventAtSecond?: number;
    quoteAtSecond?: number;
    pollSeconds?: number;
  },
): EvidenceFile & { readings: { reading: Reading }[]; events: { event: Event }[] } {
  const recorder = new Recorder(device, participant, meters, slotSeconds);
  for (let second = 0; second <= slots * slotSeconds; second += pollSeconds) {
    const atMs = Date.parse(start) + second * 1000 + 250;
    if (second === eventAtSecond) recorder.note(atMs - 100);
    if (second === quoteAtSecond) recorder.quote(atMs - 50);
    recorder.poll(atMs);
  }
  const { attest, signature } = device.certify();
  return {
    format: "powershare-evidence",
    v: 1,
    device: {
      device: device.id,
      attestationKey: toHex(device.attestationKey),
      readingKey: toHex(device.readingKey),
      certification: { attest: toHex(attest), signature: toHex(signature) },
      counterName: toHex(device.counterName),
    },
    packages: recorder.packages,
    checkpoints: recorder.checkpoints,
    readings: recorder.readings.map((reading) => ({ reading })),
    events: recorder.events.map((event) => ({ event })),
  };
}

class Recorder {
  readonly readings: Reading[] = [];
  readonly events: Event[] = [];
  readonly checkpoints: Checkpoint[] = [];
  readonly packages: EvidencePackage[] = [];
  readonly #device: TestDevice;
  readonly #participant: string;
  readonly #meters: readonly TestMeter[];
  readonly #slotSeconds: number;
  readonly #states = new Map<string, IntervalState>();
  readonly #newest = new Map<string, Interval>();
  readonly #leaves: Uint8Array[] = [];
  #head = emptyHead();
  #sealed = 0;

  constructor(
    device: TestDevice,
    participant: string,
    meters: readonly TestMeter[],
    slotSeconds: number,
  ) {
    this.#device = device;
    this.#participant = participant;
    this.#meters = meters;
    this.#slotSeconds = slotSeconds;
  }

  /** One reading of every meter; the first one also ends the slot, the batch and the intervals where a boundary has passed. */
  poll(atMs: number): void {
    const closed = this.#meters.flatMap((meter, i) => {
      const interval = this.#read(meter, atMs + 100 * i);
      return interval === undefined ? [] : [interval];
    });
    if (closed.length === 0) return;
    const merkleRoot = toHex(this.#batch().root());
    const intervals = closed.map((unsealed) => {
      const before = this.#newest.get(unsealed.meter);
      const previous = before === undefined ? zeroHash : this.#hash(before);
      const interval = sealInterval(unsealed, { previous, merkleRoot });
      this.#newest.set(interval.meter, interval);
      return interval;
    });
    const checkpoint = this.#checkpoint(merkleRoot, atMs + 300);
    for (const interval of intervals) {
      const { participant, meter } = interval;
      const unsigned = { participant, meter, intervals: [interval], checkpoint };
      this.packages.push(this.#device.sign({ v: 1, ...unsigned }));
    }
  }

  /** The clock was set, as far as the record says. */
  note(atMs: number): void {
    this.#record({ ...this.#draft(atMs), event: "clock-step", details: { stepMs: -40 } });
  }

  /** The software was measured after a reset, and quoted. */
  quote(atMs: number): void {
    const { sha256 } = this.#device.crypto;
    const software = {
      version: "0.1.0 v20.20.0",
      bundle: "ab".repeat(32),
      configuration: "cd".repeat(32),
    };
    const details = { ...software, pcrBefore: zeroHash };
    const event: Event = { ...this.#draft(atMs), event: softwareQuoted, details };
    const pcr = pcrAfter(fromHex(zeroHash), software, sha256);
    const { attest, signature } = this.#device.quote(quoteStatementHash(event, sha256), pcr);
    const signed = { attest: toHex(attest), signature: toHex(signature) };
    this.#record({ ...event, details: { ...details, ...signed } });
  }

  #draft(atMs: number): Omit<Event, "event" | "details"> {
    return {
      v: 1,
      kind: "event",
      sequence: this.#leaves.length + 1,
      at: new Date(atMs).toISOString(),
      monotonicMs: atMs % 1_000_000_000,
      bootId,
      clock: "synchronised",
    };
  }

  #record(event: Event): void {
    this.events.push(event);
    this.#append(event);
  }

  #append(entry: LogEntry): void {
    const { sha256 } = this.#device.crypto;
    const leaf = entryLeaf(entry, sha256);
    this.#leaves.push(leaf);
    this.#head = nextHead(this.#head, leaf, sha256);
  }

  #read(meter: TestMeter, atMs: number): ReturnType<typeof nextInterval>["interval"] {
    const sequence = this.#leaves.length + 1;
    // The connection takes 1 Wh a second, the generator gives 2.
    const importWh = meter.role === "connection" ? sequence : 0;
    const exportWh = meter.role === "connection" ? 0 : 2 * sequence;
    const registers = new DataView(new ArrayBuffer(8));
    registers.setFloat32(0, importWh / 1000);
    registers.setFloat32(4, exportWh / 1000);
    const taken = {
      sequence,
      at: new Date(atMs).toISOString(),
      monotonicMs: atMs % 1_000_000_000,
      bootId,
      clock: "synchronised",
    } as const;
    const reading: Reading = {
      v: 1,
      meter: meter.id,
      ...taken,
      profile: meter.profile,
      registers: [{ table: "input", address: 72, bytes: toHex(new Uint8Array(registers.buffer)) }],
      quality: "good",
    };
    this.readings.push(reading);
    this.#append(reading);
    const { state, interval } = nextInterval(
      this.#states.get(meter.id) ?? newIntervals,
      { ...taken, importWh, exportWh },
      {
        participant: this.#participant,
        meter: meter.id,
        role: meter.role,
        slotSeconds: this.#slotSeconds,
        boundaryToleranceMs: 999,
      },
    );
    this.#states.set(meter.id, state);
    return interval;
  }

  #batch(): MerkleTree {
    return new MerkleTree(this.#device.crypto.sha256, this.#leaves.slice(this.#sealed));
  }

  #checkpoint(merkleRoot: string, atMs: number): Checkpoint {
    const before = this.checkpoints.at(-1)?.statement;
    const statement: Statement = {
      v: 1,
      device: this.#device.id,
      sequence: (before?.sequence ?? 0) + 1,
      previous:
        before === undefined ? zeroHash : toHex(statementHash(before, this.#device.crypto.sha256)),
      at: new Date(atMs).toISOString(),
      monotonicMs: atMs % 1_000_000_000,
      bootId,
      clock: "synchronised",
      readings: { first: this.#sealed + 1, last: this.#leaves.length },
      chainHead: toHex(this.#head),
      merkleRoot,
      intervalHeads: Object.fromEntries(
        [...this.#newest.values()].map((interval) => [interval.meter, this.#hash(interval)]),
      ),
    };
    this.#sealed = this.#leaves.length;
    const checkpoint = this.#device.checkpoint(statement, 255n + BigInt(statement.sequence));
    this.checkpoints.push(checkpoint);
    return checkpoint;
  }

  #hash(interval: Interval): string {
    return toHex(intervalHash(interval, this.#device.crypto.sha256));
  }
}
