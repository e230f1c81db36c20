import { CodedError } from "@powershare/domain/errors";
import type { Crypto } from "@powershare/domain/evidence";
import {
  type LedgerEvent,
  type Participant,
  parseArgs,
  type Settings,
  settings as settingsSchema,
  type TransactionArgs,
  type TransactionName,
  type TransactionReturns,
  transactions,
} from "@powershare/domain/ledger";
import type { Context } from "fabric-contract-api";
import { type Caller, callerOf, registrationOf, requireMicrogrid, requireRole } from "./access.js";
import { keys } from "./keys.js";
import { State } from "./state.js";

/** What an endorser brings along. */
export interface Endorser {
  readonly crypto: Crypto;
  /** Milliseconds since the epoch. Only decides whether to endorse, never what is written. */
  readonly now: () => number;
}

/** One admitted call: the caller may make this transaction. */
export interface Call {
  readonly state: State;
  readonly crypto: Crypto;
  readonly caller: Caller;
  /** The caller's registration; undefined for operator and community, and for calls that only read. */
  readonly registered: Participant | undefined;
  readonly transactionId: string;
  /** The transaction's timestamp in ISO form and in milliseconds since the epoch: chosen by the client, within 30 s. */
  readonly at: string;
  readonly atMs: number;
  /** @throws CodedError ledger.settings-missing */
  readonly settings: () => Settings;
}

export interface Answer<R> {
  readonly returns: R;
  readonly event?: LedgerEvent;
}

export type Handler<N extends TransactionName> = (
  call: Call,
  args: TransactionArgs<N>,
) => Promise<Answer<TransactionReturns<N>>>;

/** A change that was made, and the event that tells of it. */
export function done(event?: LedgerEvent): Answer<{ effect: "done" }> {
  return event === undefined
    ? { returns: { effect: "done" } }
    : { returns: { effect: "done" }, event };
}

/** The same had been done before: success without effect. */
export const already: Answer<{ effect: "already" }> = { returns: { effect: "already" } };

/** An endorser's clock and a client's may differ by this much. */
const clockToleranceMs = 30_000;

/**
 * One transaction from its strings to its answer in JSON: parse by schema, admit the caller, hand over to the
 * handler, emit the event. Refusals are errors with the text `code: what`.
 */
export async function run<N extends TransactionName>(
  endorser: Endorser,
  name: N,
  handler: Handler<N>,
  context: Context,
  texts: readonly string[],
): Promise<string> {
  try {
    const args = parseArgs(name, texts);
    const call = await admit(endorser, name, context);
    const { returns, event } = await handler(call, args);
    if (event !== undefined) {
      context.stub.setEvent(event.name, Buffer.from(JSON.stringify(event.payload)));
    }
    return JSON.stringify(returns);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw new Error(`${error.code}: ${error.message}`, { cause: error });
  }
}

async function admit(endorser: Endorser, name: TransactionName, context: Context): Promise<Call> {
  const { stub, clientIdentity } = context;
  const { kind, roles } = transactions[name];
  const at = stub.getDateTimestamp();
  if (kind === "submit") requireClock(at, endorser);
  const caller = callerOf(clientIdentity);
  requireRole(caller, roles);
  const state = new State(stub);
  const settings = await state.get(keys.settings, settingsSchema);
  if (settings !== undefined) requireMicrogrid(caller, settings);
  return {
    state,
    crypto: endorser.crypto,
    caller,
    registered: kind === "submit" ? await registrationOf(caller, state) : undefined,
    transactionId: stub.getTxID(),
    at: at.toISOString(),
    atMs: at.getTime(),
    settings: () => {
      if (settings !== undefined) return settings;
      throw new CodedError("ledger.settings-missing", "the operator has not set the rules yet");
    },
  };
}

/**
 * Fabric lets the client choose the timestamp and checks it nowhere. The peer's clock may only refuse: what
 * is written must be the same at all endorsers.
 */
function requireClock(at: Date, { now }: Endorser): void {
  const offMs = at.getTime() - now();
  if (!(Math.abs(offMs) <= clockToleranceMs)) {
    throw new CodedError(
      "ledger.clock",
      `the timestamp is ${Math.round(offMs / 1000)} s from this peer's clock, 30 s are tolerated`,
    );
  }
}
