import { expect, test } from "vitest";
import { backoffMs, type Pace } from "./backoff.js";
import { type BlockSource, CommitStream, type CommittedBlock } from "./commit-stream.js";
import { type ChaincodeEvent, type EventCheckpoint, followEvents } from "./event-stream.js";

/** A stream that gives what is pushed, breaks when told to, and ends when closed. */
class Tap<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  #wake: () => void = () => {};
  #broken = false;
  closed = false;

  push(...items: T[]): void {
    this.#items.push(...items);
    this.#wake();
  }
  break(): void {
    this.#broken = true;
    this.#wake();
  }
  close(): void {
    this.closed = true;
    this.#wake();
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.#items.length > 0) {
        const item = this.#items.shift();
        if (item !== undefined) yield item;
      }
      if (this.#broken || this.closed) throw new Error("14 UNAVAILABLE");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Waits end when the test lets them. */
class TestPace implements Pace {
  readonly waits: number[] = [];
  readonly #pending: (() => void)[] = [];
  random = () => 0;
  delay = (ms: number, signal?: AbortSignal) => {
    this.waits.push(ms);
    return new Promise<void>((resolve, reject) => {
      this.#pending.push(resolve);
      signal?.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
    });
  };
  elapse(): void {
    for (const resolve of this.#pending.splice(0)) resolve();
  }
}

const turns = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};
const block = (blockNumber: number, ...ids: string[]): CommittedBlock => ({
  blockNumber,
  transactions: ids.map((id) => ({ id, validation: 0 })),
});

function commits(height = 5) {
  const opened: { startBlock: number; tap: Tap<CommittedBlock> }[] = [];
  const trouble: unknown[] = [];
  const source: BlockSource = {
    height: async () => height,
    open: async (startBlock) => {
      const tap = new Tap<CommittedBlock>();
      opened.push({ startBlock, tap });
      return tap;
    },
  };
  const pace = new TestPace();
  const stream = new CommitStream(source, pace, (error) => trouble.push(error));
  return { stream, opened, pace, trouble };
}

test("a verdict reaches whoever waits, and whoever asks afterwards", async () => {
  const { stream, opened } = commits();
  stream.start();
  stream.start();
  const waiting = [stream.verdict("a", 1_000), stream.verdict("a", 1_000)];
  await turns();
  expect(opened.map(({ startBlock }) => startBlock)).toEqual([5]);
  opened[0]?.tap.push({ blockNumber: 5, transactions: [{ id: "a", validation: 11 }] });
  expect(await Promise.all(waiting)).toEqual([11, 11]);
  expect(await stream.verdict("a", 1_000)).toBe(11);
  await stream.close();
});

test("a duplicate does not change the first verdict", async () => {
  const { stream, opened } = commits();
  stream.start();
  await turns();
  opened[0]?.tap.push(block(5, "a"), {
    blockNumber: 6,
    transactions: [{ id: "a", validation: 9 }],
  });
  await turns();
  expect(await stream.verdict("a", 1_000)).toBe(0);
  await stream.close();
});

test("a broken stream is opened again at the first block not seen, and waiters stay", async () => {
  const { stream, opened, pace, trouble } = commits();
  stream.start();
  await turns();
  opened[0]?.tap.push(block(5, "a"), block(6, "b"));
  await turns();
  const waiting = stream.verdict("c", 1_000_000);
  opened[0]?.tap.break();
  await turns();
  expect(trouble).toHaveLength(1);
  expect(opened[0]?.tap.closed).toBe(true);
  const [reconnect] = pace.waits.slice(-1);
  expect(reconnect).toBe(100);
  const unanswered = stream.verdict("d", 1);
  pace.elapse();
  expect(await unanswered).toBeUndefined();
  await turns();
  expect(opened.map(({ startBlock }) => startBlock)).toEqual([5, 7]);
  opened[1]?.tap.push(block(7, "c"));
  expect(await Promise.race([waiting, turns()])).toBeUndefined();
  await stream.close();
});

test("closing ends the stream and answers waiters with nothing", async () => {
  const { stream, opened } = commits();
  stream.start();
  await turns();
  const waiting = stream.verdict("never", 1_000);
  await stream.close();
  expect(await waiting).toBeUndefined();
  expect(opened[0]?.tap.closed).toBe(true);
});

const event = (blockNumber: number, transactionId: string): ChaincodeEvent => ({
  blockNumber,
  transactionId,
  name: "SlotSealed",
  payload: {},
});

test("events go on after the last one given out when the connection breaks, none twice", async () => {
  const taps: { after: EventCheckpoint | undefined; tap: Tap<ChaincodeEvent> }[] = [];
  const pace = new TestPace();
  const stop = new AbortController();
  const trouble: unknown[] = [];
  const events = followEvents(
    async (after) => {
      const tap = new Tap<ChaincodeEvent>();
      taps.push({ after, tap });
      return tap;
    },
    undefined,
    pace,
    stop.signal,
    (error) => trouble.push(error),
  );
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { transactionId } of events) seen.push(transactionId);
  })();
  await turns();
  taps[0]?.tap.push(event(1, "a"), event(1, "b"));
  await turns();
  taps[0]?.tap.break();
  await turns();
  pace.elapse();
  await turns();
  taps[1]?.tap.push(event(2, "c"));
  await turns();
  stop.abort();
  await reading;
  expect(seen).toEqual(["a", "b", "c"]);
  expect(taps.map(({ after }) => after)).toEqual([
    undefined,
    { blockNumber: 1, transactionId: "b" },
  ]);
  expect(trouble).toHaveLength(1);
  expect(taps.map(({ tap }) => tap.closed)).toEqual([true, true]);
});

test("waits double up to a limit, and at least half of each is kept", () => {
  const waits = [1, 2, 3, 7, 500].map((attempt) => backoffMs(attempt, () => 0.999_999));
  expect(waits).toEqual([200, 400, 800, 10_000, 10_000]);
  expect(backoffMs(3, () => 0)).toBe(400);
});
