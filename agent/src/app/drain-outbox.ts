import * as node from "node:crypto";
import { CodedError, codeOf } from "@powershare/domain/errors";
import {
  cryptoFrom,
  type EvidencePackage,
  intervalHash,
  intervalsPerPackage,
  packageBytes,
  toHex,
} from "@powershare/domain/evidence";
import type { Clock } from "../ports/clock.js";
import type { Ledger, Outcome, PreparedTransaction } from "../ports/ledger.js";
import type { Signer } from "../ports/signer.js";
import type { OutboxStore, Parcel } from "../ports/store.js";
import { Backoff, type Random } from "./backoff.js";
import { type Loop, startLoop } from "./loop.js";
import type { Health } from "./watch-health.js";

const commitWaitMs = 10_000;
const idleMs = 5_000;
const { sha256 } = cryptoFrom(node);

/** What the outbox needs of the ledger. */
export type OutboxLedger = Pick<
  Ledger,
  "prepare" | "submit" | "outcome" | "waitForCommit" | "read"
>;

export interface DrainOutboxOptions {
  readonly store: OutboxStore;
  readonly ledger: OutboxLedger;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Random;
  readonly health: Health;
  readonly retryMaxMs: number;
}

/**
 * Brings evidence to the ledger: oldest first, one package of a meter at a time. What was sent is
 * known by its transaction id, saved with the signed bytes before the first byte leaves; an error
 * means unknown, and an unknown is asked about before anything is sent again. Only a commit that the
 * ledger confirms takes a package out.
 */
export function drainOutbox(options: DrainOutboxOptions): Loop {
  const { store, clock, random, health, retryMaxMs } = options;
  const waits = new Map<string, { backoff: Backoff; untilMs: number }>();

  /** Milliseconds until this meter has something to do again. */
  async function drainMeter(meter: string, stopping: AbortSignal): Promise<number> {
    const wait = waits.get(meter) ?? { backoff: new Backoff(1000, retryMaxMs, random), untilMs: 0 };
    waits.set(meter, wait);
    const leftMs = wait.untilMs - clock.monotonicMs();
    if (leftMs > 0) return leftMs;
    try {
      while (!stopping.aborted && (await sendNext(options, meter))) wait.backoff.reset();
      health.ok("ledger", `evidence ${meter}`);
      return idleMs;
    } catch (error) {
      health.problem("ledger", `evidence ${meter}`, "degraded", error);
      const delayMs = wait.backoff.next();
      wait.untilMs = clock.monotonicMs() + delayMs;
      return delayMs;
    }
  }

  return startLoop(clock, async (stopping) => {
    try {
      const delays = await Promise.all(
        store.unsentMeters().map(async (meter) => await drainMeter(meter, stopping)),
      );
      health.ok("store", "outbox");
      return Math.min(idleMs, ...delays);
    } catch (error) {
      health.problem("store", "outbox", "failed", error);
      return idleMs;
    }
  });
}

/** Takes a meter's oldest evidence one step of its way; false when there is none. Throws when it has to wait. */
async function sendNext(options: DrainOutboxOptions, meter: string): Promise<boolean> {
  const { store } = options;
  const parcel = store.nextParcel(meter);
  if (parcel === undefined) return await pack(options, meter);
  const { transactionId, envelope } = parcel;
  if (transactionId === null || envelope === null) await prepare(options, parcel);
  else await follow(options, parcel, transactionId, envelope);
  return true;
}

/**
 * Signs the oldest unsent intervals as one package. What another TPM certified, whose place this one took, waits
 * for a checkpoint of this one, which vouches for it as well.
 * @throws CodedError evidence.device where it is more than one package carries
 */
async function pack({ store, signer }: DrainOutboxOptions, meter: string): Promise<boolean> {
  const unsent = store.unsentEvidence(meter, intervalsPerPackage);
  const participant = unsent?.intervals[0]?.participant;
  if (unsent === undefined || participant === undefined) return false;
  const { intervals, checkpoint } = unsent;
  const { device } = checkpoint.statement;
  if (device !== signer.device) {
    if (intervals.length < intervalsPerPackage) return false;
    throw new CodedError(
      "evidence.device",
      `${intervalsPerPackage} unsent intervals of ${meter} and more were certified by ${device} alone, which this TPM replaced`,
    );
  }
  const content: Omit<EvidencePackage, "signature"> = {
    v: 1,
    participant,
    meter,
    intervals: [...intervals],
    checkpoint,
  };
  const signature = toHex(await signer.sign(sha256(packageBytes(content))));
  store.addParcel({ ...content, signature });
  return true;
}

/** Gets it endorsed and sends it; a refusal is looked into, for the ledger may have it already. */
async function prepare(options: DrainOutboxOptions, parcel: Parcel): Promise<void> {
  const { store, ledger } = options;
  let prepared: PreparedTransaction;
  try {
    prepared = await ledger.prepare("metering:SubmitEvidence", [JSON.stringify(parcel.package)]);
  } catch (error) {
    if (codeOf(error) !== "ledger.endorse-refused") throw error;
    if (await ledgerHas(options, parcel)) {
      store.changeParcel(parcel.id, { state: "committed" });
      return;
    }
    const reason = error instanceof Error ? error.message : String(error);
    store.changeParcel(parcel.id, { state: "refused", reason });
    throw error;
  }
  const { transactionId, bytes } = prepared;
  store.changeParcel(parcel.id, { state: "prepared", transactionId, envelope: bytes });
  await send(options, parcel.id, transactionId, bytes);
}

/** Takes up a transaction that may have been sent: asks first, and sends the same bytes again if nobody knows it. */
async function follow(
  options: DrainOutboxOptions,
  { id }: Parcel,
  transactionId: string,
  bytes: Uint8Array,
): Promise<void> {
  const outcome = await options.ledger.outcome(transactionId);
  if (outcome.state === "unknown") await send(options, id, transactionId, bytes);
  else conclude(options, id, transactionId, outcome);
}

async function send(
  options: DrainOutboxOptions,
  id: number,
  transactionId: string,
  bytes: Uint8Array,
): Promise<void> {
  const { store, ledger } = options;
  const submit = async (): Promise<void> => {
    try {
      await ledger.submit(bytes);
      store.changeParcel(id, { state: "submitted" });
    } catch (error) {
      // Refused for good by the orderer. Should it have been ordered before, the contract knows the package by its sequence.
      if (codeOf(error) === "ledger.rejected") store.changeParcel(id, { state: "stored" });
      throw error;
    }
  };
  // Listening begins before the bytes leave, so that a quick commit is not missed.
  const [outcome] = await Promise.all([
    ledger.waitForCommit(transactionId, commitWaitMs),
    submit(),
  ]);
  conclude(options, id, transactionId, outcome);
}

/** @throws CodedError ledger.commit-unknown, ledger.conflict: then the caller waits before it goes on */
function conclude(
  { store }: DrainOutboxOptions,
  id: number,
  transactionId: string,
  outcome: Outcome,
): void {
  switch (outcome.state) {
    case "committed":
      store.changeParcel(id, { state: "committed" });
      return;
    case "rejected":
      // Final: the same package goes into a new proposal.
      store.changeParcel(id, { state: "stored" });
      throw new CodedError(
        "ledger.conflict",
        `transaction ${transactionId} was ordered and found ${outcome.code}`,
      );
    case "unknown":
      throw new CodedError(
        "ledger.commit-unknown",
        `transaction ${transactionId} was sent, its commit was not seen in ${commitWaitMs} ms`,
      );
  }
}

/** Whether the ledger's head of this meter is an interval of ours at or after the end of the parcel. */
async function ledgerHas({ store, ledger }: DrainOutboxOptions, parcel: Parcel): Promise<boolean> {
  const { meter, intervals } = parcel.package;
  const head = await ledger.read("metering:ReadMeter", { meter });
  const last = intervals.at(-1)?.sequence ?? 0;
  if (head === null || head.sequence < last) return false;
  const ours = store.interval(meter, head.sequence);
  return ours !== undefined && toHex(intervalHash(ours, sha256)) === head.hash;
}
