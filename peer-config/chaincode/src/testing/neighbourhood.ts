import * as crypto from "node:crypto";
import type { Interval, RegisterValues } from "@powershare/domain/evidence";
import type { OrderRequest, Registration, Settings } from "@powershare/domain/ledger";
import { TestHousehold, testKey } from "@powershare/domain/testing";
import { certificatePem } from "./certificate.js";
import type { TestIdentity } from "./ledger-stub.js";
import { TestLedger } from "./test-ledger.js";

export const microgrid = "test-grid";
export const firstSlot = "2026-06-01T12:00:00Z";
export const slotSeconds = 900;
export const settings: Settings = {
  microgrid,
  slotSeconds,
  gateSeconds: 60,
  settleAfterSeconds: 600,
  rule: "uniform",
  rulesVersion: 1,
};
export const utility: Registration = {
  kind: "utility",
  id: "grid-co",
  node: "root",
  feedInMicroPerKwh: 50_000,
  retailMicroPerKwh: 250_000,
};
export const bank: Registration = { kind: "bank", id: "bank" };
/** One coin per euro. */
export const rateMicro = "1000000";

/** Start of a slot counted from the first. */
export function slotAt(index: number): string {
  return instantAfter(index * slotSeconds);
}
/** Instant some seconds after the first slot's start. */
export function instantAfter(seconds: number): string {
  return `${new Date(Date.parse(firstSlot) + seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** A certificate of some key with some attributes, from some organisation. */
export function identityOf(
  mspid: string,
  attributes: Readonly<Record<string, string>>,
  privateKeyPem = testKey(crypto, JSON.stringify(attributes)).privateKeyPem,
): TestIdentity {
  const pem = certificatePem(attributes["participant"] ?? "operator", privateKeyPem, attributes);
  return { mspid, idBytes: Buffer.from(pem) };
}

export const operator = identityOf("OperatorMSP", { role: "operator", microgrid });
export const community = identityOf("CommunityMSP", { role: "community", microgrid });
export const utilityClient = identityOf("UtilityMSP", {
  role: "utility",
  microgrid,
  participant: "grid-co",
});

/** A resident with a TPM made of software keys, whose meters start with the first slot. */
export class TestResident {
  readonly id: string;
  readonly meter: string;
  readonly household: TestHousehold;
  readonly identity: TestIdentity;
  readonly #tpm: ReturnType<TestHousehold["registration"]>;

  constructor(id: string) {
    this.id = id;
    this.meter = `eastron/sdm630:${id}`;
    this.household = new TestHousehold(crypto, {
      participant: id,
      slotSeconds,
      start: firstSlot,
      meters: [
        { id: this.meter, role: "connection", profile: "ab".repeat(32) },
        { id: `eastron/sdm230:${id}`, role: "generator", profile: "cd".repeat(32) },
      ],
    });
    this.identity = identityOf("CommunityMSP", this.attributes(), this.privateKeyPem);
    this.#tpm = this.household.registration();
  }

  get privateKeyPem(): string {
    return this.household.device.reading.privateKeyPem;
  }

  attributes(): Record<string, string> {
    return { role: "resident", microgrid, participant: this.id, device: this.household.device.id };
  }

  registration(): Extract<Registration, { kind: "resident" }> {
    return {
      kind: "resident",
      id: this.id,
      node: "root",
      source: "green",
      utility: "grid-co",
      meters: [...this.household.meters],
      ...this.#tpm,
    };
  }

  /** The next interval of the connection point. */
  interval(energy: RegisterValues): Interval {
    const [interval] = this.household.intervals(this.meter, [energy]);
    if (interval === undefined) throw new Error("no interval");
    return interval;
  }
}

export const sell = (energyWh: number, limitMicroPerKwh: number): OrderRequest => ({
  side: "sell",
  steps: [{ energyWh, limitMicroPerKwh }],
});
export const buy = (energyWh: number, limitMicroPerKwh: number): OrderRequest => ({
  side: "buy",
  steps: [{ energyWh, limitMicroPerKwh }],
});

/** A ledger with rules, bank, utility and residents, ten minutes before the first slot. */
export async function neighbourhood(residents: readonly TestResident[]): Promise<TestLedger> {
  const ledger = new TestLedger("2026-06-01T11:50:00Z");
  await ledger.submit(operator, "participants:SetSettings", { settings });
  for (const registration of [utility, bank, ...residents.map((one) => one.registration())]) {
    await ledger.submit(operator, "participants:RegisterParticipant", { registration });
  }
  return ledger;
}

/** Where the neighbourhood lies, and who has to call its wiring right. Its first slot begins at noon. */
export const wiring: NonNullable<Settings["wiring"]> = {
  latitudeDeg: 39,
  longitudeDeg: -9,
  aggregator: "required",
};

/** From now on wiring is judged; by no rules, not any more. */
export async function judgeWiring(
  ledger: TestLedger,
  rules: typeof wiring | null = wiring,
): Promise<void> {
  await ledger.submit(operator, "participants:SetSettings", {
    settings: rules === null ? settings : { ...settings, wiring: rules },
  });
}

/** Cash for the resident, coins for the bank, and the exchange of one for the other. */
export async function giveCoins(
  ledger: TestLedger,
  resident: string,
  euros: number,
): Promise<void> {
  const micro = (BigInt(euros) * 1_000_000n).toString();
  await ledger.submit(operator, "wallets:IssueCoins", {
    nonce: `issue-for-${resident}`,
    account: "bank",
    amountNano: (BigInt(euros) * 1_000_000_000n).toString(),
  });
  await ledger.submit(operator, "wallets:CashFundingResident", {
    nonce: `funding-${resident}`,
    resident,
    currency: "EUR",
    amountMicro: micro,
  });
  await ledger.submit(operator, "wallets:CashToCoins", {
    nonce: `exchange-${resident}`,
    seller: "bank",
    buyer: resident,
    currency: "EUR",
    cashMicro: micro,
    rateMicro,
  });
}
