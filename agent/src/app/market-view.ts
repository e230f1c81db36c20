import { CodedError } from "@powershare/domain/errors";
import type { Settings } from "@powershare/domain/ledger";
import type { Clock } from "../ports/clock.js";
import type { Ledger } from "../ports/ledger.js";

const refreshMs = 300_000;

/** What the market is today: rules, tariff of the household's utility, and who takes part. */
export interface Market {
  readonly settings: Settings;
  readonly tariff: { readonly feedInMicroPerKwh: number; readonly retailMicroPerKwh: number };
  /** Ids of active residents. */
  readonly residents: readonly string[];
}

/** Reads the market from the ledger and keeps it for five minutes. */
export class MarketView {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #participant: string;
  readonly #slotSeconds: number;
  #known: { market: Market; atMs: number } | undefined;

  constructor(ledger: Ledger, clock: Clock, participant: string, slotSeconds: number) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#participant = participant;
    this.#slotSeconds = slotSeconds;
  }

  /** @throws CodedError config.slot-mismatch, access.unregistered; errors of the ledger */
  async read(): Promise<Market> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#known !== undefined && nowMs - this.#known.atMs < refreshMs)
      return this.#known.market;
    const rules = await this.#ledger.read("participants:ReadSettings", {});
    if (rules.slotSeconds !== this.#slotSeconds) {
      throw new CodedError(
        "config.slot-mismatch",
        `slots.seconds is ${this.#slotSeconds}, the microgrid ${rules.microgrid} has slots of ${rules.slotSeconds} s`,
      );
    }
    const all = await this.#ledger.read("participants:ListParticipants", {});
    const residents = all.flatMap((one) => (one.kind === "resident" ? [one] : []));
    const own = residents.find(({ id }) => id === this.#participant);
    const utility = all.find(({ id }) => id === own?.utility);
    if (own === undefined || utility?.kind !== "utility") {
      throw new CodedError(
        "access.unregistered",
        `${this.#participant} and its utility are not registered yet`,
      );
    }
    const market: Market = {
      settings: rules,
      tariff: {
        feedInMicroPerKwh: utility.feedInMicroPerKwh,
        retailMicroPerKwh: utility.retailMicroPerKwh,
      },
      residents: residents.filter(({ status }) => status === "active").map(({ id }) => id),
    };
    this.#known = { market, atMs: nowMs };
    return market;
  }
}
