import "./quiet-log.js";
import * as crypto from "node:crypto";
import { cryptoFrom } from "@powershare/domain/evidence";
import {
  type Effect,
  encodeArgs,
  type LedgerEvent,
  parseEvent,
  parseReturns,
  type TransactionArgs,
  type TransactionName,
  type TransactionReturns,
} from "@powershare/domain/ledger";
import { JSONSerializer } from "fabric-contract-api";
import type { ChaincodeInterface } from "fabric-shim";
import ChaincodeFromContract from "fabric-shim/lib/contract-spi/chaincodefromcontract.js";
import { contractClasses } from "../contracts.js";
import {
  LedgerStub,
  type Simulation,
  type TestIdentity,
  TestState,
  type Verdict,
} from "./ledger-stub.js";

/** A refusal as a client sees it. */
export class Refusal extends Error {
  readonly code: string;
  constructor(message: string) {
    super(message);
    this.code = message.split(":")[0] ?? "";
  }
}

export interface Endorsed {
  readonly transactionId: string;
  readonly simulation: Simulation;
  readonly payload: string;
}

export interface CallOptions {
  /** Timestamp that the client chose; the ledger's own time without it. */
  readonly timestamp?: Date;
}

/**
 * The chaincode on a state in memory, through the same dispatcher and identity code as behind a peer. Time
 * stands still until it is set.
 */
export class TestLedger {
  readonly state = new TestState();
  /** Events of all valid transactions, oldest first. */
  readonly events: LedgerEvent[] = [];
  now: Date;
  readonly #chaincode: ChaincodeInterface;
  #transactions = 0;

  constructor(now: string) {
    this.now = new Date(now);
    this.#chaincode = new ChaincodeFromContract(
      contractClasses({ crypto: cryptoFrom(crypto), now: () => this.now.getTime() }),
      { transaction: "jsonSerializer", serializers: { jsonSerializer: JSONSerializer } },
      {},
      "test",
      "0",
    );
  }

  /** Moves the clocks of all endorsers and clients. */
  at(instant: string): this {
    this.now = new Date(instant);
    return this;
  }

  /** Calls by raw strings, as any client could. @throws Refusal */
  async endorse(
    identity: TestIdentity,
    name: string,
    args: readonly string[],
    { timestamp = this.now }: CallOptions = {},
  ): Promise<Endorsed> {
    this.#transactions += 1;
    const transactionId = this.#transactions.toString(16).padStart(64, "0");
    const stub = new LedgerStub(this.state, { identity, name, args, transactionId, timestamp });
    const { status, message, payload } = await this.#chaincode.Invoke(stub.asStub());
    if (status !== 200) throw new Refusal(message ?? "");
    return {
      transactionId,
      simulation: stub.simulation(),
      payload: Buffer.from(payload ?? []).toString("utf8"),
    };
  }

  /** Orders an endorsed transaction. */
  commit({ simulation }: Endorsed): Verdict {
    const verdict = this.state.commit(simulation);
    if (verdict === "VALID" && simulation.event !== undefined) {
      const event = parseEvent(simulation.event.name, simulation.event.payload);
      if (event !== undefined) this.events.push(event);
    }
    return verdict;
  }

  /** A whole transaction. @throws Refusal */
  async submit<N extends TransactionName>(
    identity: TestIdentity,
    name: N,
    args: TransactionArgs<N>,
    options?: CallOptions,
  ): Promise<Effect> {
    const endorsed = await this.endorse(identity, name, encodeArgs(name, args), options);
    const verdict = this.commit(endorsed);
    if (verdict !== "VALID") throw new Error(verdict);
    const returns: unknown = JSON.parse(endorsed.payload);
    return JSON.stringify(returns) === '{"effect":"already"}' ? "already" : "done";
  }

  async read<N extends TransactionName>(
    identity: TestIdentity,
    name: N,
    args: TransactionArgs<N>,
  ): Promise<TransactionReturns<N>> {
    const { payload } = await this.endorse(identity, name, encodeArgs(name, args));
    return parseReturns(name, payload);
  }
}
