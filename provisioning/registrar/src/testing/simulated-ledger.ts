import { CodedError } from "@powershare/domain/errors";
import type { DeviceReplacement, NewDevice, Registration } from "@powershare/domain/ledger";
import type { OperatorLedger } from "../ledger.js";

/** A ledger as the registrar sees it from outside: what was written, and times when it is away. */
export class SimulatedLedger implements OperatorLedger {
  readonly registered: Registration[] = [];
  readonly statuses: string[] = [];
  readonly replacements = new Map<string, DeviceReplacement>();
  away = false;
  /** What the contracts refuse next. */
  refuses: CodedError | undefined;

  async register(registration: Registration): Promise<void> {
    this.#requireUp();
    this.registered.push(registration);
  }

  async setStatus(participant: string, status: string, reason: string): Promise<void> {
    this.#requireUp();
    this.statuses.push(`${participant} ${status} ${reason}`);
  }

  async replacement(participant: string): Promise<DeviceReplacement | undefined> {
    this.#requireUp();
    return this.replacements.get(participant);
  }

  async askReplacement(participant: string, device: NewDevice): Promise<void> {
    this.#requireUp();
    this.ask(participant, device, "operator");
  }

  async confirmReplacement(participant: string): Promise<void> {
    this.#requireUp();
    this.confirm(participant);
  }

  async meterEpochs(): Promise<readonly never[]> {
    return [];
  }

  async confirmMeterEpoch(): Promise<void> {
    this.#requireUp();
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  /** As the household does with its old key. */
  ask(participant: string, device: NewDevice, askedBy: "household" | "operator"): void {
    const at = "2026-06-01T12:00:00.000Z";
    this.replacements.set(participant, { participant, device, askedBy, state: "asked", at });
  }

  /** As the utility does. */
  confirm(participant: string): void {
    const asked = this.replacements.get(participant);
    if (asked === undefined) throw new RangeError("nobody asked");
    this.replacements.set(participant, { ...asked, state: "confirmed" });
  }

  #requireUp(): void {
    if (this.away) throw new CodedError("ledger.unavailable", "no peer answers");
    const refusal = this.refuses;
    this.refuses = undefined;
    if (refusal !== undefined) throw refusal;
  }
}
