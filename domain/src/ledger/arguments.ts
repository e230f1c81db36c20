import { z } from "zod";
import { CodedError } from "../errors/index.js";
import {
  type TransactionArgs,
  type TransactionName,
  type TransactionReturns,
  transactions,
} from "./transactions.js";

/** The table seen by name, so that a name's arguments and answer stay tied to it in generic code. */
const codecs: {
  readonly [N in TransactionName]: {
    readonly args: z.ZodType<TransactionArgs<N>>;
    readonly returns: z.ZodType<TransactionReturns<N>>;
  };
} = transactions;

/** Names of a transaction's arguments, in order. */
export function argumentNames(name: TransactionName): string[] {
  return Object.keys(transactions[name].args.shape);
}

/**
 * Arguments of a transaction from their strings.
 * @throws CodedError ledger.arguments naming the argument, the path in it and what was expected.
 */
export function parseArgs<N extends TransactionName>(
  name: N,
  texts: readonly string[],
): TransactionArgs<N> {
  const names = argumentNames(name);
  if (texts.length !== names.length) {
    throw new CodedError(
      "ledger.arguments",
      `${name} takes ${names.length} arguments (${names.join(", ")}), got ${texts.length}`,
    );
  }
  const parsed = codecs[name].args.safeParse(
    Object.fromEntries(names.map((argument, index) => [argument, texts[index]])),
  );
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CodedError(
    "ledger.arguments",
    `${name}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`,
    { cause: parsed.error },
  );
}

/** The strings that go on the wire for a transaction's arguments. @throws ZodError if they do not fit. */
export function encodeArgs<N extends TransactionName>(name: N, args: TransactionArgs<N>): string[] {
  const encoded = z.record(z.string(), z.string()).parse(codecs[name].args.encode(args));
  return argumentNames(name).map((argument) => encoded[argument] ?? "");
}

/** What a transaction answered, from its JSON text. @throws ZodError or SyntaxError if it does not fit. */
export function parseReturns<N extends TransactionName>(
  name: N,
  text: string,
): TransactionReturns<N> {
  return codecs[name].returns.parse(JSON.parse(text));
}
