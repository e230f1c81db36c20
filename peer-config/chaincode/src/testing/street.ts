import {
  type EvidencePackage,
  type Interval,
  intervalHash,
  toHex,
  zeroHash,
} from "@powershare/domain/evidence";
import type { Effect, PlacementJudgement, WiringReport } from "@powershare/domain/ledger";
import {
  buy,
  community,
  firstSlot,
  giveCoins,
  instantAfter,
  judgeWiring,
  neighbourhood,
  operator,
  sell,
  slotAt,
  slotSeconds,
  TestResident,
  wiring,
} from "./neighbourhood.js";
import type { TestLedger } from "./test-ledger.js";

/** What a meter counted in an interval; a gap may be longer than a slot. */
export interface Counted {
  readonly importWh?: number;
  readonly exportWh?: number;
  readonly quality?: Interval["quality"];
  readonly epoch?: number;
  readonly slots?: number;
}

/** The intervals of one meter, whatever they say, chained as they must be. */
export class MeterLife {
  readonly resident: TestResident;
  readonly meter: string;
  readonly role: Interval["role"];
  #last: Interval | undefined;

  constructor(resident: TestResident, role: Interval["role"], meter?: string) {
    this.resident = resident;
    this.role = role;
    const registered = role === "connection" ? resident.meter : `eastron/sdm230:${resident.id}`;
    this.meter = meter ?? registered;
  }

  /** End of the last interval. */
  get end(): string {
    return this.#last?.end ?? firstSlot;
  }

  next({ importWh = 0, exportWh = 0, quality = "good", epoch, slots = 1 }: Counted): Interval {
    const before = this.#last;
    const start = before?.end ?? firstSlot;
    const first = before?.last ?? { importWh: 0, exportWh: 0 };
    const reading = before?.readings.last ?? 1;
    const endMs = Date.parse(start) + slots * slotSeconds * 1000;
    const { sha256 } = this.resident.household.device.crypto;
    this.#last = {
      v: 1,
      participant: this.resident.id,
      meter: this.meter,
      role: this.role,
      sequence: (before?.sequence ?? 0) + 1,
      previous: before === undefined ? zeroHash : toHex(intervalHash(before, sha256)),
      start,
      end: `${new Date(endMs).toISOString().slice(0, 19)}Z`,
      importWh,
      exportWh,
      first,
      last: { importWh: first.importWh + importWh, exportWh: first.exportWh + exportWh },
      readings: { first: reading, last: reading + slots * slotSeconds },
      boundaryErrorMs: { start: 400, end: 400 },
      quality,
      epoch: epoch ?? before?.epoch ?? 1,
      merkleRoot: "ef".repeat(32),
    };
    return this.#last;
  }

  /** The next intervals in one package. */
  package(
    counted: readonly Counted[],
    tpm: { readonly resetCount?: number } = {},
  ): EvidencePackage {
    const intervals = counted.map((one) => this.next(one));
    const last = intervals.at(-1);
    if (last === undefined) throw new RangeError("no intervals");
    const { household } = this.resident;
    const statement = {
      ...household.statement(),
      ...household.headsOf([last]),
      readings: { first: 1, last: last.readings.last },
    };
    const counter = BigInt(nextCounter());
    const checkpoint = household.device.checkpoint(statement, counter, tpm);
    return household.seal(intervals, checkpoint);
  }

  /** Sends the next intervals in one package, when the last of them has ended or later. */
  async send(
    ledger: TestLedger,
    counted: readonly Counted[],
    tpm: { readonly resetCount?: number } = {},
  ): Promise<Effect> {
    const sent = this.package(counted, tpm);
    if (ledger.now.getTime() < Date.parse(this.end)) ledger.at(this.end);
    const { identity } = this.resident;
    return ledger.submit(identity, "metering:SubmitEvidence", { package: sent });
  }
}

let counters = 1_000;
/** Above any that a test's household used before. */
function nextCounter(): number {
  counters += 1;
  return counters;
}

/** A household with sun that sells, one in the shade that buys, and a ledger that judges their wiring. */
export class Street {
  readonly sun = new TestResident("sun");
  readonly shade = new TestResident("shade");
  readonly grid = new MeterLife(this.sun, "connection");
  readonly roof = new MeterLife(this.sun, "generator");
  readonly other = new MeterLife(this.shade, "connection");
  #ledger: TestLedger | undefined;
  #slots = 0;

  get ledger(): TestLedger {
    if (this.#ledger === undefined) throw new Error("not open");
    return this.#ledger;
  }

  async open(rules: typeof wiring | null = wiring, coins = 10): Promise<this> {
    this.#ledger = await neighbourhood([this.sun, this.shade]);
    if (coins > 0) await giveCoins(this.ledger, "shade", coins);
    if (rules !== null) await judgeWiring(this.ledger, rules);
    return this;
  }

  /** A slot in which the one sells to the other, settled; returns its start. */
  async trade({
    soldWh = 400,
    grid = {},
    roof = {},
    other = {},
  }: {
    soldWh?: number;
    grid?: Counted;
    roof?: Counted | null;
    other?: Counted;
  } = {}): Promise<string> {
    const { ledger, sun, shade } = this;
    const slotStart = slotAt(this.#slots);
    ledger.at(instantAfter(this.#slots * slotSeconds - 30));
    this.#slots += 1;
    await ledger.submit(sun.identity, "market:PlaceOrder", {
      slotStart,
      order: sell(soldWh, 100_000),
    });
    await ledger.submit(shade.identity, "market:PlaceOrder", {
      slotStart,
      order: buy(soldWh, 200_000),
    });
    await ledger.submit(sun.identity, "market:Seal", { slotStart });
    await ledger.submit(sun.identity, "market:Clear", { slotStart });
    await this.grid.send(ledger, [{ exportWh: soldWh, ...grid }]);
    if (roof !== null) await this.roof.send(ledger, [{ exportWh: soldWh, ...roof }]);
    await this.other.send(ledger, [{ importWh: soldWh, ...other }]);
    await ledger.submit(operator, "market:Settle", { slotStart });
    return slotStart;
  }

  /** The seller's meters, up to so many slots from the first; sent every hour, or as often as that. */
  async pass(
    toSlot: number,
    grid: Counted,
    roof: (slot: number) => Counted,
    every = 4,
  ): Promise<void> {
    for (let from = this.#slots; from < toSlot; from += every) {
      const slots = Array.from({ length: Math.min(every, toSlot - from) }, (_, i) => from + i);
      await this.grid.send(
        this.ledger,
        slots.map(() => grid),
      );
      await this.roof.send(this.ledger, slots.map(roof));
    }
    this.#slots = toSlot;
  }

  judge(of: MeterLife, judgement: PlacementJudgement, epoch = 1): Promise<Effect> {
    return this.ledger.submit(operator, "metering:JudgePlacement", {
      participant: of.resident.id,
      meter: of.meter,
      epoch,
      judgement,
    });
  }

  report(of: MeterLife, report: WiringReport, epoch = 1): Promise<Effect> {
    const { meter, resident } = of;
    return this.ledger.submit(resident.identity, "metering:ReportWiring", { meter, epoch, report });
  }

  async decide(of: MeterLife, verdict: "right" | "manipulated", epoch = 1): Promise<void> {
    const { meter, resident } = of;
    const id = `decision-${meter.replaceAll(/\W/g, "-")}-${epoch}`;
    const correction = {
      kind: "placement",
      reason: "inspected",
      participant: resident.id,
      meter,
      epoch,
      verdict,
    } as const;
    await this.ledger.submit(operator, "wallets:AskCorrection", { id, correction });
    await this.ledger.submit(community, "wallets:ConfirmCorrection", { id, correction });
  }

  release(by = this.shade): Promise<Effect> {
    return this.ledger.submit(by.identity, "wallets:ReleaseHeld", { participant: "sun" });
  }

  async wallet(participant: string) {
    return this.ledger.read(operator, "wallets:ReadWallet", { participant });
  }
  async held() {
    return this.ledger.read(operator, "wallets:ReadHeld", { participant: "sun" });
  }
  async placements(of: MeterLife) {
    const all = await this.ledger.read(operator, "metering:ReadPlacements", {
      participant: of.resident.id,
    });
    return all.filter(({ meter }) => meter === of.meter);
  }
  async audit() {
    return this.ledger.read(operator, "wallets:Audit", {});
  }
}
