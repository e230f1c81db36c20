import { z } from "zod";
import { CodedError } from "../errors/index.js";
import { bytesHex, p1363Hex, sha256Hex } from "../ledger/primitives.js";
import { concatBytes, equalBytes, fromHex, toHex } from "./bytes.js";
import { measurementDigest, quoteStatementHash, type Sha256, zeroHash } from "./hashes.js";
import { parseQuote } from "./tpm-structures.js";
import { type Crypto, type Event, wellFormed } from "./types.js";

/** What of the software is measured. */
export interface Software {
  /** Of the agent and of Node.js. */
  readonly version: string;
  /** SHA-256 of the list of the agent's files, hex. */
  readonly bundle: string;
  /** SHA-256 of the configuration file, hex. */
  readonly configuration: string;
}

/** Name of the event that carries a quote. */
export const softwareQuoted = "software-quoted";
/** Name of the event that declares other software or another configuration. */
export const softwareChanged = "software-changed";

/** Details of `software-quoted`: docs/evidence.md, Software. */
const quoteDetails = z.strictObject({
  version: wellFormed.min(1).max(100),
  bundle: sha256Hex,
  configuration: sha256Hex,
  /** The PCR before the measurement. */
  pcrBefore: sha256Hex,
  attest: bytesHex.max(512),
  signature: p1363Hex,
});
export type QuoteDetails = z.infer<typeof quoteDetails>;

/** What the quotes of a file show. */
export interface SoftwareProof {
  readonly quotes: number;
  /** Those whose PCR held something before that no earlier quote in the file explains. */
  readonly unexplained: number;
  /** Of the newest quote. */
  readonly newest?: Software & { readonly at: string };
}

/** The PCR after a measurement (TPM 2.0 Part 1, 17.2). @param pcr 32 bytes, zeros after a reset */
export function pcrAfter(pcr: Uint8Array, software: Software, sha256: Sha256): Uint8Array {
  return sha256(concatBytes(pcr, measurementDigest(software, sha256)));
}

/** The details, and what they leave in the PCR. Throws `evidence.software`. */
export function verifySoftwareQuote(
  event: Event,
  attestationSpki: Uint8Array,
  crypto: Crypto,
): { readonly details: QuoteDetails; readonly pcr: string } {
  const parsed = quoteDetails.safeParse(event.details);
  if (!parsed.success) throw refusal(event, "its details are not of their form");
  const details = parsed.data;
  const attest = fromHex(details.attest);
  if (!crypto.verifyP256(attestationSpki, attest, fromHex(details.signature))) {
    throw refusal(event, "it is not signed by the attestation key");
  }
  const quoted = quoteIn(event, attest);
  if (!equalBytes(quoted.extraData, quoteStatementHash(event, crypto.sha256))) {
    throw refusal(event, "the TPM was asked to repeat something else");
  }
  const pcr = pcrAfter(fromHex(details.pcrBefore), details, crypto.sha256);
  if (!equalBytes(quoted.pcrDigest, crypto.sha256(pcr))) {
    throw refusal(event, "the PCR holds something else than this software");
  }
  return { details, pcr: toHex(pcr) };
}

/**
 * Checks the quotes among the events, in this order, and counts those that are not explained.
 * @param at Called for the place of each, by index.
 */
export function verifySoftwareQuotes(
  events: readonly Event[],
  verify: (event: Event, index: number) => ReturnType<typeof verifySoftwareQuote>,
): SoftwareProof {
  const quotes = events.flatMap((event, index) =>
    event.event === softwareQuoted ? [{ event, ...verify(event, index) }] : [],
  );
  quotes.sort((a, b) => a.event.sequence - b.event.sequence);
  const known = new Set([zeroHash]);
  let unexplained = 0;
  for (const { details, pcr } of quotes) {
    if (!known.has(details.pcrBefore)) unexplained += 1;
    known.add(pcr);
  }
  const newest = quotes.at(-1);
  if (newest === undefined) return { quotes: 0, unexplained };
  const { version, bundle, configuration } = newest.details;
  const { at } = newest.event;
  return {
    quotes: quotes.length,
    unexplained,
    newest: { version, bundle, configuration, at },
  };
}

function quoteIn(event: Event, attest: Uint8Array): ReturnType<typeof parseQuote> {
  try {
    return parseQuote(attest);
  } catch (cause) {
    if (!(cause instanceof CodedError)) throw cause;
    throw refusal(event, cause.message, cause);
  }
}

function refusal({ sequence }: Event, what: string, cause?: unknown): CodedError {
  return new CodedError(
    "evidence.software",
    `quote of software, number ${sequence}: ${what}`,
    cause === undefined ? {} : { cause },
  );
}
