import type { Correction, JudgedPlacement, Wallet } from "@powershare/domain/ledger";
import {
  type buy,
  community,
  giveCoins,
  instantAfter,
  judgeWiring,
  neighbourhood,
  operator,
  settings,
  slotAt,
  slotSeconds,
  TestResident,
} from "./neighbourhood.js";
import { judgement, report, signTest } from "./placements.js";
import { MeterLife } from "./street.js";
import type { TestLedger } from "./test-ledger.js";

export const homeIds = ["ash", "elm", "oak"] as const;

/** What one household does in one slot. A generator that does not send sends a gap later. */
export interface Turn {
  readonly order: {
    readonly side: typeof buy;
    readonly energyWh: number;
    readonly limitMicroPerKwh: number;
  } | null;
  readonly importWh: number;
  readonly exportWh: number;
  readonly opens: "grid" | "roof" | "none";
  readonly sends: boolean;
}

export type Word = "right" | "suspect" | "held" | "manipulated" | "passed" | "failed" | "ok";
export type Judge = "aggregator" | "agent" | "people";

interface Home {
  readonly resident: TestResident;
  readonly grid: MeterLife;
  readonly roof: MeterLife;
}

/** Three households whose wiring is judged, and everything that can befall their coins. */
export class HeldWorld {
  readonly ledger: TestLedger;
  readonly #homes: readonly Home[];
  #slots = 0;
  #epoch = 1;
  #corrections = 0;

  private constructor(ledger: TestLedger, homes: readonly Home[]) {
    this.ledger = ledger;
    this.#homes = homes;
  }

  static async open(): Promise<HeldWorld> {
    const homes = homeIds.map((id): Home => {
      const resident = new TestResident(id);
      const grid = new MeterLife(resident, "connection");
      return { resident, grid, roof: new MeterLife(resident, "generator") };
    });
    const ledger = await neighbourhood(homes.map(({ resident }) => resident));
    await giveCoins(ledger, "ash", 1);
    await giveCoins(ledger, "elm", 2);
    await judgeWiring(ledger);
    return new HeldWorld(ledger, homes);
  }

  /** Orders, market, evidence, and the settlement, which after its deadline waits for nobody. */
  async liveSlot(turns: readonly Turn[]): Promise<void> {
    const { ledger } = this;
    const slotStart = slotAt(this.#slots);
    ledger.at(instantAfter(this.#slots * slotSeconds - 30));
    for (const [index, { resident }] of this.#homes.entries()) {
      const wanted = turns[index]?.order;
      if (!wanted) continue;
      const order = wanted.side(wanted.energyWh, wanted.limitMicroPerKwh);
      await ledger.submit(resident.identity, "market:PlaceOrder", { slotStart, order });
    }
    await ledger.submit(operator, "market:Seal", { slotStart });
    await ledger.submit(operator, "market:Clear", { slotStart });
    this.#slots += 1;
    ledger.at(slotAt(this.#slots));
    for (const [index, home] of this.#homes.entries()) {
      const turn = turns[index];
      if (turn !== undefined) await this.#meter(home, turn);
    }
    ledger.at(instantAfter(this.#slots * slotSeconds + settings.settleAfterSeconds));
    await ledger.submit(operator, "market:Settle", { slotStart });
  }

  /** A word of somebody on the newest epoch of a meter; what nobody may say is refused, and changes nothing. */
  async say(who: number, of: "grid" | "roof", judge: Judge, word: Word): Promise<void> {
    const home = this.#homes[who];
    if (home === undefined) return;
    const { ledger } = this;
    const { meter, resident } = home[of];
    const participant = resident.id;
    const newest = (await this.placements(participant)).findLast((one) => one.meter === meter);
    if (newest === undefined) return;
    const key = { participant, meter, epoch: newest.epoch };
    // A word is one on what was seen until now; the next one comes later.
    ledger.now = new Date(ledger.now.getTime() + 1_000);
    const window = { from: newest.since, to: ledger.now.toISOString().replace(".000Z", "Z") };
    if (judge === "people") {
      const verdict = word === "right" ? "right" : "manipulated";
      await this.correct({ kind: "placement", reason: "inspected", ...key, verdict });
    } else if (judge === "aggregator") {
      await ledger.submit(operator, "metering:JudgePlacement", {
        ...key,
        judgement: { ...judged(word), ...window },
      });
    } else {
      const args = { meter, epoch: newest.epoch, report: { ...reported(word), ...window } };
      await ledger
        .submit(resident.identity, "metering:ReportWiring", args)
        .catch((error: unknown) => requireCode(error, "metering.sign-test-failed"));
    }
  }

  async correct(correction: Correction): Promise<void> {
    this.#corrections += 1;
    const id = `correction-${this.#corrections}`;
    const { ledger } = this;
    await ledger
      .submit(operator, "wallets:AskCorrection", { id, correction })
      .then(() => ledger.submit(community, "wallets:ConfirmCorrection", { id, correction }))
      .catch((error: unknown) => requireCode(error, "wallets.correction-closed"));
  }

  async release(participant: string): Promise<void> {
    await this.ledger.submit(operator, "wallets:ReleaseHeld", { participant });
  }

  /** More than 35 days after the last slot. */
  letTimePass(): void {
    this.ledger.at(instantAfter(this.#slots * slotSeconds + 36 * 86_400));
  }

  async placements(participant: string): Promise<JudgedPlacement[]> {
    return this.ledger.read(operator, "metering:ReadPlacements", { participant });
  }
  async wallets(): Promise<Wallet[]> {
    return this.ledger.read(operator, "wallets:ListWallets", {});
  }

  async #meter({ grid, roof }: Home, turn: Turn): Promise<void> {
    const { importWh, exportWh, opens, sends } = turn;
    if (opens !== "none") this.#epoch += 1;
    const epoch = this.#epoch;
    await grid.send(this.ledger, [{ importWh, exportWh, ...(opens === "grid" ? { epoch } : {}) }]);
    if (!sends) return;
    const slots = (Date.parse(slotAt(this.#slots)) - Date.parse(roof.end)) / (slotSeconds * 1000);
    const quality = slots > 1 ? "gap" : "good";
    await roof.send(this.ledger, [{ slots, quality, ...(opens === "roof" ? { epoch } : {}) }]);
  }
}

function judged(word: Word) {
  return judgement(word === "passed" || word === "failed" || word === "ok" ? "right" : word);
}

function reported(word: Word) {
  if (word === "passed" || word === "failed") return signTest(word);
  return report(word === "right" ? "ok" : word);
}

function requireCode(error: unknown, code: string): void {
  if (!(error instanceof Error && "code" in error && error.code === code)) throw error;
}
