import { setTimeout as delay } from "node:timers/promises";
import { codeOf } from "@powershare/domain/errors";
import type {
  Registration,
  Settings,
  TransactionArgs,
  TransactionName,
} from "@powershare/domain/ledger";
import type { Network } from "@powershare/fabric";
import { connectLedger, type LedgerClient, softwareSigner } from "@powershare/ledger-client";
import { enrolSoftwareClient } from "./software-client.js";

/** A running network, wherever its processes are held. */
export type NetworkAccess = Omit<Network, "processes" | "stop">;

/** What the certificate of an operator's client says. */
export const operatorAttributes = (microgrid: string) => ({
  role: "operator",
  microgrid,
  participant: "operator",
});
const bankId = "bank";
export const utilityId = "utility";
/** Tariff of the demo's utility: far enough apart that neighbours gain from trading. */
const tariff = { feedInMicroPerKwh: 50_000, retailMicroPerKwh: 250_000 };
const currency = "EUR";
const nanoPerCoin = 1_000_000_000n;
const microPerUnit = 1_000_000n;
const peersWithinMs = 30_000;

/** The operator's work: rules, participants, coins and cash; with a key and a certificate of its own. */
export class OperatorDesk {
  readonly client: LedgerClient;
  #queue: Promise<unknown> = Promise.resolve();

  /** Enrols a new operator client at the operator's CA and connects it to the operator's peer. */
  static async open(network: NetworkAccess, name: string): Promise<OperatorDesk> {
    const { channel, chaincode } = network;
    const operator = network.organisations.operator;
    const { certificatePem, privateKeyPem } = await enrolSoftwareClient(operator, {
      id: name,
      attributes: operatorAttributes(channel),
    });
    const client = connectLedger({
      endpoint: operator.peerEndpoint,
      tlsHostname: operator.peerTlsHostname,
      tlsRootCertificatePem: operator.tlsRootCertificatePem,
      mspId: operator.mspId,
      certificatePem,
      sign: softwareSigner(privateKeyPem),
      channel,
      chaincode,
    });
    return new OperatorDesk(client);
  }

  private constructor(client: LedgerClient) {
    this.client = client;
  }

  /** The rules of the microgrid, its utility and bank, and the coins that both begin with. Repeatable. */
  async openMicrogrid(settings: Settings): Promise<void> {
    await this.#transact("participants:SetSettings", { settings });
    await Promise.all([
      this.register({ id: bankId, kind: "bank" }),
      this.register({ id: utilityId, kind: "utility", node: "root", ...tariff }),
    ]);
    await this.#issue(bankId, 100_000n);
    await this.#issue(utilityId, 100_000n);
  }

  async register(registration: Registration): Promise<void> {
    await this.#transact("participants:RegisterParticipant", { registration });
  }

  /** A resident pays in cash and buys coins for half of it, one for one. */
  async fund(resident: string, units: bigint): Promise<void> {
    const fundedMicro = units * microPerUnit;
    await this.#transact("wallets:CashFundingResident", {
      nonce: `funding-${resident}`,
      resident,
      currency,
      amountMicro: fundedMicro.toString(),
    });
    await this.#inTurn(() =>
      this.#transact("wallets:CashToCoins", {
        nonce: `exchange-${resident}`,
        seller: bankId,
        buyer: resident,
        currency,
        cashMicro: (fundedMicro / 2n).toString(),
        rateMicro: microPerUnit.toString(),
      }),
    );
  }

  /** A resident who is gone is no longer waited for at settlements. */
  async suspend(participant: string): Promise<void> {
    await this.#transact("participants:SetStatus", {
      participant,
      status: "suspended",
      reason: "left",
    });
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  async #issue(account: string, coins: bigint): Promise<void> {
    await this.#transact("wallets:IssueCoins", {
      nonce: `issue-${account}`,
      account,
      amountNano: (coins * nanoPerCoin).toString(),
    });
  }

  /** A young network's peers may not all know each other yet, or one be busy: every transaction may be repeated. */
  async #transact<N extends TransactionName>(name: N, args: TransactionArgs<N>): Promise<void> {
    const giveUpAt = performance.now() + peersWithinMs;
    for (;;) {
      try {
        await this.client.transact(name, args);
        return;
      } catch (error) {
        const code = codeOf(error);
        const passing = code === "ledger.unavailable" || code === "ledger.commit-unknown";
        if (!passing || performance.now() > giveUpAt) throw error;
      }
      await delay(500);
    }
  }

  /** Exchanges all change the bank's wallet: one after the other, they never conflict. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work, work);
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }
}
