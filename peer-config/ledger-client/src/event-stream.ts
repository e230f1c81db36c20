import { backoffMs, type Pace } from "./backoff.js";

/** Where reading goes on: after this transaction of this block. */
export interface EventCheckpoint {
  readonly blockNumber: number;
  readonly transactionId: string;
}

/** A chaincode event of a valid transaction, its payload parsed from JSON. */
export interface ChaincodeEvent extends EventCheckpoint {
  readonly name: string;
  readonly payload: unknown;
}

/** Opens the peer's event service after a checkpoint; from block 0 on without one. */
export type OpenEvents = (
  after: EventCheckpoint | undefined,
) => Promise<AsyncIterable<ChaincodeEvent> & { close(): void }>;

/**
 * Events for ever, oldest first, each once: reopened from the last one given out when the connection is
 * lost. Ends when the signal is aborted. Store the checkpoint together with what an event caused.
 */
export async function* followEvents(
  open: OpenEvents,
  from: EventCheckpoint | undefined,
  pace: Pace,
  signal: AbortSignal,
  onTrouble: (error: unknown) => void,
): AsyncGenerator<ChaincodeEvent, void, undefined> {
  let last = from;
  let attempt = 0;
  while (!signal.aborted) {
    let stream: Awaited<ReturnType<OpenEvents>> | undefined;
    const close = () => stream?.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      stream = await open(last);
      if (signal.aborted) return;
      for await (const event of stream) {
        attempt = 0;
        last = { blockNumber: event.blockNumber, transactionId: event.transactionId };
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      onTrouble(error);
    } finally {
      signal.removeEventListener("abort", close);
      close();
    }
    attempt += 1;
    await pace.delay(backoffMs(attempt, pace.random), signal).catch(() => {});
  }
}
