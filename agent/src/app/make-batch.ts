import {
  type Event,
  emptyHead,
  entryLeaf,
  fromHex,
  type Interval,
  intervalHash,
  intervalsPerPackage,
  MerkleTree,
  type MeterRole,
  nextHead,
  type Sha256,
  type Statement,
  statementHash,
  toHex,
  zeroHash,
} from "@powershare/domain/evidence";
import {
  closeEpoch,
  epochStepOf,
  fromOpening,
  type IntervalOptions,
  type IntervalState,
  intervalState,
  newIntervals,
  nextInterval,
  openEpoch,
  sealInterval,
  type UnsealedInterval,
} from "@powershare/domain/metering";
import {
  type SealedHead,
  type StoredEntry,
  type StoredReading,
  sequenceOf,
} from "../ports/store.js";

export interface BatchContext
  extends Pick<Statement, "device" | "at" | "monotonicMs" | "bootId" | "clock"> {
  readonly participant: string;
  /** Role of each meter; readings of others are chained, but make no intervals. */
  readonly roles: ReadonlyMap<string, MeterRole>;
  readonly slots: {
    readonly seconds: number;
    readonly boundaryToleranceMs: number;
    readonly earliest: string;
  };
}

export interface Batch {
  readonly statement: Statement;
  readonly intervals: readonly Interval[];
  readonly builders: ReadonlyMap<string, string>;
}

/**
 * What the next checkpoint says: the readings and events that follow those sealed before, chained and in a
 * tree, and the intervals they close. Ends early where a meter would close more intervals than one package
 * carries. Undefined without any.
 */
export function makeBatch(
  head: SealedHead,
  pending: readonly StoredEntry[],
  context: BatchContext,
  sha256: Sha256,
): Batch | undefined {
  const before = head.checkpoint?.statement;
  if (pending[0] === undefined) return undefined;
  const first = sequenceOf(pending[0]);
  const builders = new IntervalBuilders(head, context);
  const tree = new MerkleTree(sha256);
  let chainHead = before === undefined ? emptyHead() : fromHex(before.chainHead);
  let last = first;
  for (const stored of pending) {
    const leaf = entryLeaf("event" in stored ? stored.event : stored.reading, sha256);
    tree.append(leaf);
    chainHead = nextHead(chainHead, leaf, sha256);
    last = sequenceOf(stored);
    if ("reading" in stored) builders.take(stored);
    else builders.note(stored.event);
    if (builders.full) break;
  }
  const merkleRoot = toHex(tree.root());
  const { intervals, heads } = builders.seal(merkleRoot, sha256);
  const { device, at, monotonicMs, bootId, clock } = context;
  const statement: Statement = {
    v: 1,
    device,
    sequence: (before?.sequence ?? 0) + 1,
    previous: before === undefined ? zeroHash : toHex(statementHash(before, sha256)),
    at,
    monotonicMs,
    bootId,
    clock,
    readings: { first, last },
    chainHead: toHex(chainHead),
    merkleRoot,
    intervalHeads: heads,
  };
  return { statement, intervals, builders: builders.states() };
}

/** The interval builders of all meters over one batch. */
class IntervalBuilders {
  readonly #head: SealedHead;
  readonly #context: BatchContext;
  readonly #states = new Map<string, IntervalState>();
  readonly #closed = new Map<string, UnsealedInterval[]>();

  constructor(head: SealedHead, context: BatchContext) {
    this.#head = head;
    this.#context = context;
    for (const [meter, state] of head.builders) {
      this.#states.set(meter, intervalState.parse(JSON.parse(state)));
    }
  }

  get full(): boolean {
    return [...this.#closed.values()].some((closed) => closed.length >= intervalsPerPackage);
  }

  take({ reading, energy }: StoredReading): void {
    const { meter } = reading;
    const options = this.#optionsOf(meter);
    if (energy === null || options === undefined) return;
    const { state, interval } = nextInterval(
      this.#states.get(meter) ?? newIntervals,
      { ...reading, ...energy },
      options,
    );
    this.#states.set(meter, state);
    if (interval !== undefined) this.#close(fromOpening(interval, options));
  }

  /** A meter's epoch that opened begins with its opening registers; one that ended gets its last interval. */
  note(event: Event): void {
    const step = epochStepOf(event);
    if (step?.step === "opened" && (this.#states.get(step.meter)?.sequence ?? 0) === 0) {
      const slotSeconds = this.#context.slots.seconds;
      this.#states.set(step.meter, openEpoch(step.opening, event.sequence, { slotSeconds }));
    }
    if (step?.step !== "confirmed") return;
    const { follows, closing } = step;
    const state = this.#states.get(follows);
    const options = this.#optionsOf(follows);
    if (state === undefined || options === undefined) return;
    const interval = closeEpoch(state, closing, options);
    if (interval === undefined) return;
    const { open: _, ...closed } = state;
    this.#states.set(follows, { ...closed, sequence: interval.sequence });
    this.#close(interval);
  }

  #close(interval: UnsealedInterval): void {
    const { meter } = interval;
    this.#closed.set(meter, [...(this.#closed.get(meter) ?? []), interval]);
  }

  #optionsOf(meter: string): IntervalOptions | undefined {
    const { participant, roles, slots } = this.#context;
    const role = roles.get(meter);
    if (role === undefined) return undefined;
    const { seconds: slotSeconds, boundaryToleranceMs, earliest } = slots;
    return { participant, meter, role, slotSeconds, boundaryToleranceMs, earliest };
  }

  seal(
    merkleRoot: string,
    sha256: Sha256,
  ): { intervals: Interval[]; heads: Record<string, string> } {
    const intervals: Interval[] = [];
    const heads: Record<string, string> = {};
    for (const [meter, newest] of this.#head.intervals)
      heads[meter] = toHex(intervalHash(newest, sha256));
    for (const [meter, closed] of this.#closed) {
      for (const unsealed of closed) {
        const interval = sealInterval(unsealed, { previous: heads[meter] ?? zeroHash, merkleRoot });
        intervals.push(interval);
        heads[meter] = toHex(intervalHash(interval, sha256));
      }
    }
    return { intervals, heads };
  }

  states(): Map<string, string> {
    return new Map([...this.#states].map(([meter, state]) => [meter, JSON.stringify(state)]));
  }
}
