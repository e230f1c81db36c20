import {
  type EvidencePackage,
  type Interval,
  intervalHash,
  type Statement,
  toHex,
} from "@powershare/domain/evidence";
import { otherHalf } from "@powershare/domain/testing";
import { neighbourhood, slotAt, TestResident } from "./neighbourhood.js";
import type { TestLedger } from "./test-ledger.js";

/** A household of which the ledger has two intervals, and what it could send next. */
export class AttackedLedger {
  readonly home = new TestResident("home");
  readonly other = new TestResident("other");
  readonly intervals: readonly Interval[];
  readonly foreign: readonly Interval[];
  #ledger: TestLedger | undefined;

  constructor() {
    const energies = Array.from({ length: 6 }, (_, i) => ({ importWh: 5 + i, exportWh: 3 }));
    this.intervals = this.home.household.intervals(this.home.meter, energies);
    this.foreign = this.other.household.intervals(this.other.meter, energies);
  }

  get ledger(): TestLedger {
    if (this.#ledger === undefined) throw new Error("not begun");
    return this.#ledger;
  }

  async begin(): Promise<void> {
    const ledger = await neighbourhood([this.home, this.other]);
    this.#ledger = ledger;
    ledger.at(slotAt(7));
    for (const [index, counter] of [300n, 310n].entries()) {
      const accepted = this.sealed(this.intervals.slice(index, index + 1), counter);
      await ledger.submit(this.home.identity, "metering:SubmitEvidence", { package: accepted });
    }
  }

  /** A package in order, under a checkpoint that names the last of its intervals. */
  sealed(
    intervals: readonly Interval[],
    counter: bigint,
    tpm: Parameters<TestResident["household"]["device"]["checkpoint"]>[2] = {},
  ): EvidencePackage {
    const { household } = this.home;
    const checkpoint = household.device.checkpoint(this.statement(intervals), counter, tpm);
    return household.seal(intervals, checkpoint);
  }

  statement(intervals: readonly Interval[]): Statement {
    const { device } = this.home.household;
    const last = intervals.at(-1);
    if (last === undefined) throw new Error("no interval");
    return {
      v: 1,
      device: device.id,
      sequence: last.sequence,
      previous: "ab".repeat(32),
      at: last.end.replace("Z", ".500Z"),
      monotonicMs: 1000,
      bootId: "boot",
      clock: "synchronised",
      readings: { first: 1, last: last.readings.last },
      chainHead: "cd".repeat(32),
      merkleRoot: last.merkleRoot,
      intervalHeads: { [last.meter]: toHex(intervalHash(last, device.crypto.sha256)) },
    };
  }

  /** What the household would honestly send next. */
  next(): EvidencePackage {
    return this.sealed(this.intervals.slice(2, 6), 320n);
  }

  /** The code that refuses a package, `already` where it has no effect, undefined where it is taken. */
  async refusal(evidence: unknown, by: TestResident = this.home): Promise<string | undefined> {
    try {
      const args = [JSON.stringify(evidence)];
      const { simulation } = await this.ledger.endorse(
        by.identity,
        "metering:SubmitEvidence",
        args,
      );
      return simulation.writes.size === 0 ? "already" : undefined;
    } catch (error) {
      return error instanceof Error && "code" in error ? String(error.code) : String(error);
    }
  }
}

/** The next package with the other half of both signatures, which is as valid. */
export function withOtherHalves(scene: AttackedLedger): EvidencePackage {
  const next = scene.next();
  const { checkpoint } = next;
  const certified = { ...checkpoint, signature: otherHalf(checkpoint.signature) };
  const sealed = scene.home.household.seal(next.intervals, certified);
  return { ...sealed, signature: otherHalf(sealed.signature) };
}
