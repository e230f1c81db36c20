import type { Gateway, Network } from "@hyperledger/fabric-gateway";
import { peer } from "@hyperledger/fabric-protos";
import { CodedError } from "@powershare/domain/errors";
import {
  type Effect,
  encodeArgs,
  mspOfRole,
  parseReturns,
  type TransactionArgs,
  type TransactionName,
  type TransactionReturns,
} from "@powershare/domain/ledger";
import { backoffMs, type Pace } from "./backoff.js";
import type { CommitStream } from "./commit-stream.js";
import {
  isOwnChaincodeDown,
  LedgerError,
  ledgerError,
  rejectedError,
  rejectionCode,
  validationCode,
} from "./errors.js";
import { type ChaincodeEvent, type EventCheckpoint, followEvents } from "./event-stream.js";
import { channelHeight, openChaincodeEvents } from "./gateway-streams.js";

/** An endorsed and signed transaction: keep `bytes` before submitting, and ask by the id in every doubt. */
export interface PreparedTransaction {
  readonly transactionId: string;
  /** What `submit` takes, complete with the signature; good to be stored and sent again. */
  readonly bytes: Uint8Array;
  /** The chaincode's answer, JSON text. */
  readonly result: string;
}

export type Outcome =
  | { readonly state: "committed" }
  | {
      readonly state: "rejected";
      /** `ledger.conflict`: try again with a new transaction; `ledger.rejected`: final. */
      readonly code: "ledger.conflict" | "ledger.rejected";
      /** Fabric's TxValidationCode. */
      readonly validation: number;
    }
  | { readonly state: "unknown" };

export interface PrepareOptions {
  /** MSP ids whose peers shall endorse; by default the peer chooses. */
  readonly endorsingOrganizations?: readonly string[];
}

export interface TransactOptions {
  /** Proposals after conflicts and absent peers, the first one included. */
  readonly attempts?: number;
  /** How long to wait for each commit. */
  readonly commitDeadlineMs?: number;
}

interface Parts {
  readonly gateway: Gateway;
  readonly network: Network;
  readonly commits: CommitStream;
  readonly pace: Pace;
  readonly mspId: string;
  readonly sign: (digest: Uint8Array) => Promise<Uint8Array>;
  readonly chaincode: string;
  readonly closeConnection: () => void;
  readonly onTrouble: (error: LedgerError) => void;
}

/** One identity's view of one channel's contracts. Made by `connectLedger`. All errors are LedgerErrors. */
export class LedgerClient {
  readonly #parts: Parts;
  readonly #stop = new AbortController();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Has a transaction endorsed and signs it: two signatures. If only the own organisation's chaincode is
   * down, the other organisations are asked once.
   * @throws LedgerError ledger.endorse-refused (`reason` is the chaincode's code), ledger.unavailable, ledger.conflict
   */
  async prepare(
    name: TransactionName,
    args: readonly string[],
    options: PrepareOptions = {},
  ): Promise<PreparedTransaction> {
    try {
      return await this.#endorse(name, args, options.endorsingOrganizations);
    } catch (error) {
      if (options.endorsingOrganizations !== undefined || !isOwnChaincodeDown(error)) {
        throw ledgerError(error, "endorse");
      }
    }
    const others = [...new Set(Object.values(mspOfRole))].filter((id) => id !== this.#parts.mspId);
    try {
      return await this.#endorse(name, args, others);
    } catch (error) {
      throw ledgerError(error, "endorse");
    }
  }

  /**
   * Sends prepared bytes to the orderers; the same bytes may be sent again.
   * @throws LedgerError ledger.rejected where the orderer refused it; ledger.commit-unknown where it may have
   * been ordered all the same: ask `outcome`
   */
  async submit(bytes: Uint8Array): Promise<void> {
    try {
      await this.#parts.gateway.newTransaction(bytes).submit();
    } catch (error) {
      throw ledgerError(error, "submit");
    }
  }

  /**
   * What became of a transaction, asked from the peer's block store. `unknown`: this peer has no such
   * transaction (yet); sending the same bytes again is then safe.
   * @throws LedgerError ledger.unavailable when the peer cannot be asked
   */
  async outcome(transactionId: string): Promise<Outcome> {
    const { network } = this.#parts;
    try {
      const bytes = await network
        .getContract("qscc")
        .evaluateTransaction("GetTransactionByID", network.getName(), transactionId);
      const validation = peer.ProcessedTransaction.deserializeBinary(bytes).getValidationcode();
      return outcomeOf(validation);
    } catch (error) {
      const mapped = ledgerError(error, "evaluate");
      if (/no such transaction ID|not found/i.test(mapped.message)) return { state: "unknown" };
      throw mapped;
    }
  }

  /**
   * Waits for a transaction's commit: from the one block stream, and by asking when the deadline has passed.
   * Never throws for a peer that is away: then the answer is `unknown`.
   */
  async waitForCommit(transactionId: string, deadlineMs: number): Promise<Outcome> {
    this.#parts.commits.start();
    const validation = await this.#parts.commits.verdict(transactionId, deadlineMs);
    // A repeated envelope is booked as a duplicate; what counts is the first one.
    if (validation !== undefined && validation !== validationCode.duplicateTxid) {
      return outcomeOf(validation);
    }
    try {
      return await this.outcome(transactionId);
    } catch {
      return { state: "unknown" };
    }
  }

  /** Asks the contracts; arguments as strings, the answer parsed by the transaction's schema. */
  async evaluate<N extends TransactionName>(
    name: N,
    args: readonly string[],
  ): Promise<TransactionReturns<N>> {
    const { network, chaincode } = this.#parts;
    let bytes: Uint8Array;
    try {
      bytes = await network.getContract(chaincode).evaluate(name, { arguments: [...args] });
    } catch (error) {
      throw ledgerError(error, "evaluate");
    }
    return parseAnswer(name, Buffer.from(bytes).toString("utf8"));
  }

  /** `evaluate` with typed arguments. */
  async read<N extends TransactionName>(
    name: N,
    args: TransactionArgs<N>,
  ): Promise<TransactionReturns<N>> {
    return this.evaluate(name, encodeArgs(name, args));
  }

  /**
   * Carries out a transaction to its commit: typed arguments; a new proposal, with backoff, after a conflict or
   * where no peer endorsed.
   * Safe to repeat, since every transaction is idempotent by its natural key.
   * @throws LedgerError as `prepare` and `submit`; ledger.commit-unknown when the commit was not seen in time
   */
  async transact<N extends TransactionName>(
    name: N,
    args: TransactionArgs<N>,
    { attempts = 6, commitDeadlineMs = 15_000 }: TransactOptions = {},
  ): Promise<{ readonly transactionId: string; readonly effect: Effect }> {
    const texts = encodeArgs(name, args);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#transactOnce(name, texts, commitDeadlineMs);
      } catch (error) {
        if (!isPassing(error) || attempt >= attempts || this.#stop.signal.aborted) throw error;
      }
      const { random, delay } = this.#parts.pace;
      const waitMs = backoffMs(attempt, random, { firstMs: 100, longestMs: 2_000 });
      await delay(waitMs, this.#stop.signal).catch(() => {});
    }
  }

  /** Number of blocks of the channel at this peer. @throws LedgerError ledger.unavailable */
  async height(): Promise<number> {
    return channelHeight(this.#parts.network);
  }

  /**
   * Chaincode events, oldest first, each once; from block 0 on without a checkpoint. Goes on for ever and
   * reconnects by itself; ends when the client is closed. Trouble is told to `onTrouble`.
   */
  events(from?: EventCheckpoint): AsyncGenerator<ChaincodeEvent, void, undefined> {
    const { chaincode, pace, onTrouble } = this.#parts;
    return followEvents(
      (after) => openChaincodeEvents(this.#parts.network, chaincode, after),
      from,
      pace,
      this.#stop.signal,
      (error) => onTrouble(ledgerError(error, "events")),
    );
  }

  /** Ends streams and waiters, and closes the connection. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#parts.commits.close();
    this.#parts.gateway.close();
    this.#parts.closeConnection();
  }

  async #endorse(
    name: string,
    args: readonly string[],
    endorsingOrganizations: readonly string[] | undefined,
  ): Promise<PreparedTransaction> {
    const { gateway, sign, chaincode } = this.#parts;
    const transaction = await this.#parts.network
      .getContract(chaincode)
      .newProposal(name, {
        arguments: [...args],
        ...(endorsingOrganizations === undefined
          ? {}
          : { endorsingOrganizations: [...endorsingOrganizations] }),
      })
      .endorse();
    // Signed here and not at submit, so that what is stored before submitting is complete.
    const signature = await sign(transaction.getDigest());
    const signed = gateway.newSignedTransaction(transaction.getBytes(), signature);
    return {
      transactionId: signed.getTransactionId(),
      bytes: signed.getBytes(),
      result: Buffer.from(signed.getResult()).toString("utf8"),
    };
  }

  async #transactOnce<N extends TransactionName>(
    name: N,
    texts: readonly string[],
    commitDeadlineMs: number,
  ): Promise<{ transactionId: string; effect: Effect }> {
    const { transactionId, bytes, result } = await this.prepare(name, texts);
    const committed = this.waitForCommit(transactionId, commitDeadlineMs);
    try {
      await this.submit(bytes);
    } catch (error) {
      // It may have been ordered all the same: the wait below tells.
      if (!(error instanceof CodedError) || error.code !== "ledger.commit-unknown") throw error;
      this.#parts.onTrouble(ledgerError(error, "submit"));
    }
    const outcome = await committed;
    if (outcome.state === "committed") return { transactionId, effect: effectOf(name, result) };
    if (outcome.state === "rejected") throw rejectedError(transactionId, outcome.validation);
    throw new LedgerError(
      "ledger.commit-unknown",
      `${name}: no word of transaction ${transactionId} within ${commitDeadlineMs} ms`,
      { transactionId },
    );
  }
}

function parseAnswer<N extends TransactionName>(name: N, text: string): TransactionReturns<N> {
  try {
    return parseReturns(name, text);
  } catch (error) {
    throw new LedgerError("ledger.answer", `${name} answered ${text.slice(0, 200)}`, {
      cause: error,
    });
  }
}

/** Nothing was written, and the same may go well a moment later. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof CodedError &&
    (error.code === "ledger.conflict" || error.code === "ledger.unavailable")
  );
}

function outcomeOf(validation: number): Outcome {
  return validation === validationCode.valid
    ? { state: "committed" }
    : { state: "rejected", code: rejectionCode(validation), validation };
}

function effectOf(name: TransactionName, result: string): Effect {
  const answer = parseAnswer(name, result);
  if (typeof answer === "object" && answer !== null && "effect" in answer) return answer.effect;
  throw new LedgerError("ledger.arguments", `${name} only reads: use read or evaluate`);
}
