import * as node from "node:crypto";
import { createHash } from "node:crypto";
import { codeOf } from "@powershare/domain/errors";
import {
  cryptoFrom,
  type Interval,
  type RegisteredDevice,
  verifyPackage,
} from "@powershare/domain/evidence";
import {
  encodeArgs,
  type MeterHead,
  type Participant,
  parseReturns,
  type Settings,
  type TransactionArgs,
  type TransactionName,
  type TransactionReturns,
} from "@powershare/domain/ledger";
import { LedgerError } from "@powershare/ledger-client";
import { z } from "zod";
import type { Clock } from "../ports/clock.js";
import type {
  Ledger,
  LedgerEvent,
  LedgerPosition,
  Outcome,
  PreparedTransaction,
} from "../ports/ledger.js";

const envelopeSchema = z.object({
  transactionId: z.string(),
  name: z.custom<TransactionName>(),
  args: z.array(z.string()).readonly(),
});
type Envelope = z.infer<typeof envelopeSchema>;

const commitMs = 200;
const crypto = cryptoFrom(node);

/** Start of the slot in which an interval is settled; of the interval itself where slots are not known. */
function slotOf({ start, end }: Interval, slotSeconds: number | undefined): string {
  if (slotSeconds === undefined) return start;
  return new Date(Date.parse(end) - slotSeconds * 1000).toISOString().replace(".000Z", "Z");
}

/**
 * A ledger that behaves as Fabric does where it hurts: commit comes later, the same envelope counts
 * once, an order whose ground was taken away is ordered and found not valid, and replies get lost.
 * Evidence is checked by the same code as in the contract.
 */
export class SimLedger implements Ledger {
  /** Nobody answers. */
  down = false;
  /** Taken by the next call of its kind: the reply is lost, the deed is done or not. */
  nextSubmit: "ok" | "lost-before" | "lost-after" = "ok";
  /** The next commit is found not valid. */
  nextConflicts = false;
  /** The next endorsement is refused with this code. */
  refuseWith: "access.unregistered" | undefined;
  /** Transactions about these slots are refused with this code. */
  readonly refusedSlots = new Map<string, "market.evidence-missing" | "market.slot-range">();
  settings: Settings | undefined;
  participants: Participant[] = [];
  /** Accepted intervals, with the transaction that brought them. */
  readonly accepted: { interval: Interval; transactionId: string }[] = [];
  readonly submissions: string[] = [];
  readonly done: { name: TransactionName; args: readonly string[]; atMs: number }[] = [];
  readonly log: LedgerEvent[] = [];
  readonly #clock: Clock;
  readonly #registered: RegisteredDevice;
  readonly #heads = new Map<string, MeterHead>();
  readonly #verdicts = new Map<string, Outcome>();
  readonly #ordered: { envelope: Envelope; commitAtMs: number }[] = [];
  #transactions = 0;
  #closed = false;

  constructor(clock: Clock, registered: RegisteredDevice) {
    this.#clock = clock;
    this.#registered = registered;
  }

  async prepare(name: TransactionName, args: readonly string[]): Promise<PreparedTransaction> {
    this.#requireReachable("ledger.unavailable");
    if (this.refuseWith !== undefined) {
      const reason = this.refuseWith;
      throw new LedgerError("ledger.endorse-refused", "refused", { reason });
    }
    const reason = this.refusedSlots.get(args[0] ?? "");
    if (reason !== undefined)
      throw new LedgerError("ledger.endorse-refused", "refused", { reason });
    try {
      this.#execute({ transactionId: "", name, args }, undefined);
    } catch (cause) {
      throw new LedgerError("ledger.endorse-refused", String(cause), {
        cause,
        reason: codeOf(cause),
      });
    }
    this.#transactions += 1;
    const transactionId = createHash("sha256").update(`${this.#transactions}`).digest("hex");
    const envelope: Envelope = { transactionId, name, args };
    return { transactionId, bytes: Buffer.from(JSON.stringify(envelope)) };
  }

  async submit(bytes: Uint8Array): Promise<void> {
    this.#requireReachable("ledger.commit-unknown");
    const fate = this.nextSubmit;
    this.nextSubmit = "ok";
    if (fate !== "lost-before") {
      const envelope = envelopeSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
      this.submissions.push(envelope.transactionId);
      this.#ordered.push({ envelope, commitAtMs: this.#clock.monotonicMs() + commitMs });
    }
    if (fate !== "ok") throw new LedgerError("ledger.commit-unknown", "the reply was lost");
  }

  async outcome(transactionId: string): Promise<Outcome> {
    this.#requireReachable("ledger.unavailable");
    this.#commitDue();
    return this.#verdicts.get(transactionId) ?? { state: "unknown" };
  }

  async waitForCommit(transactionId: string, deadlineMs: number): Promise<Outcome> {
    const untilMs = this.#clock.monotonicMs() + deadlineMs;
    while (this.#clock.monotonicMs() < untilMs) {
      await this.#clock.sleep(50, new AbortController().signal);
      this.#commitDue();
      const verdict = this.#verdicts.get(transactionId);
      if (verdict !== undefined && !this.down) return verdict;
    }
    return { state: "unknown" };
  }

  async transact<N extends TransactionName>(name: N, args: TransactionArgs<N>): Promise<void> {
    const { transactionId, bytes } = await this.prepare(name, encodeArgs(name, args));
    await this.submit(bytes);
    const { state } = await this.waitForCommit(transactionId, 10_000);
    if (state !== "committed") throw new LedgerError("ledger.commit-unknown", `${name}: ${state}`);
  }

  async read<N extends TransactionName>(
    name: N,
    args: TransactionArgs<N>,
  ): Promise<TransactionReturns<N>> {
    this.#requireReachable("ledger.unavailable");
    this.#commitDue();
    const [first = ""] = encodeArgs(name, args);
    const answers: Partial<Record<TransactionName, unknown>> = {
      "participants:ReadSettings": this.settings,
      "participants:ListParticipants": this.participants,
      "metering:ReadMeter": this.#heads.get(first) ?? null,
    };
    return parseReturns(name, JSON.stringify(answers[name]));
  }

  async height(): Promise<number> {
    this.#requireReachable("ledger.unavailable");
    return this.log.length + 1;
  }

  async *events(from: LedgerPosition | undefined): AsyncGenerator<LedgerEvent> {
    let next = (from?.blockNumber ?? 0) + 1;
    while (!this.#closed) {
      const event = this.down ? undefined : this.log[next - 1];
      if (event === undefined) {
        await this.#clock.sleep(100, new AbortController().signal);
        this.#commitDue();
      } else {
        next += 1;
        yield event;
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** As somebody else's transaction would. */
  emit(name: string, payload: object): void {
    const blockNumber = this.log.length + 1;
    const at = new Date(this.#clock.nowMs()).toISOString();
    this.log.push({
      blockNumber,
      transactionId: `block-${blockNumber}`,
      name,
      payload: { at, ...payload },
    });
  }

  #requireReachable(code: "ledger.unavailable" | "ledger.commit-unknown"): void {
    if (this.down) throw new LedgerError(code, "no peer answers");
  }

  #commitDue(): void {
    for (const { envelope, commitAtMs } of this.#ordered.slice()) {
      const ageMs = this.#clock.monotonicMs() - commitAtMs;
      if (ageMs < 0) return;
      this.#ordered.shift();
      // A repeated envelope is booked as a duplicate and changes nothing.
      if (this.#verdicts.has(envelope.transactionId)) continue;
      this.#verdicts.set(
        envelope.transactionId,
        this.#commit(envelope, this.#clock.nowMs() - ageMs),
      );
    }
  }

  #commit(envelope: Envelope, atMs: number): Outcome {
    const conflict = this.nextConflicts;
    this.nextConflicts = false;
    if (conflict) return { state: "rejected", code: "ledger.conflict" };
    try {
      this.#execute(envelope, atMs);
      return { state: "committed" };
    } catch {
      return { state: "rejected", code: "ledger.conflict" };
    }
  }

  /** Throws what the contract would refuse with; changes state only where it commits, at `atMs` of UTC. */
  #execute({ transactionId, name, args }: Envelope, atMs: number | undefined): void {
    const [first = ""] = args;
    if (name === "metering:SubmitEvidence") {
      const value: unknown = JSON.parse(first);
      const { meter } = z.object({ meter: z.string() }).parse(value);
      const { evidence, head } = verifyPackage(
        value,
        this.#registered,
        this.#heads.get(meter),
        crypto,
      );
      if (atMs === undefined) return;
      this.#heads.set(meter, head);
      for (const interval of evidence.intervals) this.accepted.push({ interval, transactionId });
      const { participant, intervals } = evidence;
      const { role, sequence: firstSequence } = intervals[0] ?? { role: "connection", sequence: 1 };
      const { end, counter, importWh, exportWh, sequence: lastSequence } = head;
      const payload = {
        participant,
        meter,
        role,
        firstSequence,
        lastSequence,
        late: 0,
        slots: intervals.map((one) => slotOf(one, this.settings?.slotSeconds)),
        end,
        importWh,
        exportWh,
        counter,
      };
      this.emit("EvidenceAccepted", payload);
    } else if (atMs !== undefined) {
      this.done.push({ name, args, atMs });
      if (name === "market:Seal") this.emit("SlotSealed", { slot: first });
      if (name === "market:Clear") {
        this.emit("SlotCleared", {
          slot: first,
          changes: [],
          trades: [],
          excluded: [],
          digest: "",
        });
      }
      if (name === "market:Settle") {
        this.emit("SlotSettled", { slot: first, changes: [], trades: [], energy: [], missing: [] });
      }
    }
  }
}
