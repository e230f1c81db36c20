import * as node from "node:crypto";
import type { MeterRole } from "@powershare/domain/evidence";
import { cryptoFrom, statementHash, toHex } from "@powershare/domain/evidence";
import type { Clock } from "../ports/clock.js";
import type { EpochStore } from "../ports/epochs.js";
import type { Signer } from "../ports/signer.js";
import { type EvidenceStore, type ReadingStore, sequenceOf } from "../ports/store.js";
import { Backoff, type Random } from "./backoff.js";
import type { LiveMeters } from "./live-meters.js";
import { type Loop, startLoop } from "./loop.js";
import { makeBatch } from "./make-batch.js";
import type { ReadingLog } from "./reading-log.js";
import type { Health } from "./watch-health.js";

/** Bounds memory and the time of one transaction when a long backlog is sealed. */
const mostReadings = 2_000;
const retryMaxMs = 30_000;
const checkEveryMs = 1_000;
const { sha256 } = cryptoFrom(node);

export interface SealBatchesOptions {
  readonly store: EvidenceStore & Pick<ReadingStore, "pins"> & Pick<EpochStore, "epochs">;
  readonly readings: ReadingLog;
  readonly signer: Signer;
  readonly meters: LiveMeters;
  readonly clock: Clock;
  readonly random: Random;
  readonly health: Health;
  readonly participant: string;
  readonly slots: {
    readonly seconds: number;
    readonly boundaryToleranceMs: number;
    readonly checkpointSeconds: number;
    /** Before this the clock has not been set; no interval begins there. */
    readonly earliest: string;
  };
  /** Role of the meter at each place. */
  readonly roles: ReadonlyMap<string, MeterRole>;
  /** Of meters that are named in the configuration, by id. */
  readonly configured?: ReadonlyMap<string, MeterRole>;
  /** Told after each checkpoint that closed intervals. */
  readonly onIntervals: () => void;
}

/**
 * Seals readings under a checkpoint of the TPM: at each end of a slot, as soon as every meter that
 * speaks was read after it, and at least every `checkpointSeconds`. What could not be sealed stays
 * pending and is sealed later, intervals and all. Wake it after each poll.
 */
export function sealBatches(options: SealBatchesOptions): Loop {
  const { clock, health, slots, meters } = options;
  const slotMs = slots.seconds * 1000;
  const backoff = new Backoff(1000, retryMaxMs, options.random);
  let sealedBoundaryMs = 0;
  let sealedAtMs = clock.monotonicMs();
  let retryAtMs = 0;

  function due(boundaryMs: number): boolean {
    const nowMs = clock.monotonicMs();
    if (nowMs < retryAtMs) return false;
    if (nowMs - sealedAtMs >= slots.checkpointSeconds * 1000) return true;
    if (boundaryMs === sealedBoundaryMs) return false;
    return meters.allPassed(boundaryMs) || clock.nowMs() >= boundaryMs + slots.boundaryToleranceMs;
  }

  return startLoop(clock, async (stopping) => {
    const boundaryMs = Math.floor(clock.nowMs() / slotMs) * slotMs;
    if (!due(boundaryMs)) return checkEveryMs;
    try {
      while (!stopping.aborted && (await sealOnce(options)));
      sealedBoundaryMs = boundaryMs;
      sealedAtMs = clock.monotonicMs();
      backoff.reset();
    } catch (error) {
      health.problem("tpm", "evidence", "failed", error);
      retryAtMs = clock.monotonicMs() + backoff.next();
    }
    return checkEveryMs;
  });
}

/** Role of every meter that is or was at a place. */
function rolesOf({ store, roles, configured = new Map() }: SealBatchesOptions) {
  const found = new Map(configured);
  for (const [place, meter] of store.pins()) {
    const role = roles.get(place);
    if (role !== undefined) found.set(meter, role);
  }
  for (const { meter, follows, role } of store.epochs()) found.set(meter, role).set(follows, role);
  return found;
}

/** Seals the oldest pending readings; true if more may be pending. */
async function sealOnce(options: SealBatchesOptions): Promise<boolean> {
  const { store, readings, signer, clock, health, participant, slots } = options;
  readings.save();
  const pending = store.pendingReadings(mostReadings);
  const roles = rolesOf(options);
  const batch = makeBatch(
    store.sealedHead(),
    pending,
    {
      participant,
      device: signer.device,
      roles,
      slots,
      at: new Date(clock.nowMs()).toISOString(),
      monotonicMs: clock.monotonicMs(),
      bootId: clock.bootId,
      clock: clock.quality(),
    },
    sha256,
  );
  if (batch === undefined) return false;
  const { attest, signature } = await signer.checkpoint(statementHash(batch.statement, sha256));
  const { statement, intervals, builders } = batch;
  // What the TPM signed and a crash loses here is signed again, under a higher counter.
  store.saveSealed({
    checkpoint: { statement, attest: toHex(attest), signature: toHex(signature) },
    intervals,
    builders,
  });
  health.ok("tpm", "evidence");
  if (intervals.length > 0) options.onIntervals();
  const newest = pending.at(-1);
  return (
    pending.length === mostReadings ||
    (newest !== undefined && statement.readings.last < sequenceOf(newest))
  );
}
