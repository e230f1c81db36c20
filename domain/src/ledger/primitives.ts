import { z } from "zod";

/** Pseudonymous participant id, e.g. `h1`. Nothing personal goes on the ledger. */
export const participantId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "lower-case letters, digits and dashes, at most 40")
  .meta({ title: "participant id" });
/** Non-negative integer as a decimal string, as all ledger arguments are: Wh, micro-coin, nano-coin, micro-units of cash. */
export const decimal = z
  .string()
  .regex(/^(0|[1-9]\d{0,29})$/, "a non-negative integer as a decimal string")
  .meta({ title: "decimal" });
/** Signed integer as a decimal string. */
export const signedDecimal = z
  .string()
  .regex(/^(0|-?[1-9]\d{0,29})$/, "an integer as a decimal string")
  .meta({ title: "signed decimal" });
/** Whether the calendar has it: no 30 February, no hour 24. */
function isInstant(text: string): boolean {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return false;
  // Every month has 28 days, every day 23 hours: few need the comparison, and evidence has a million.
  if (text.slice(8, 10) <= "28" && text.slice(11, 13) <= "23") return true;
  return new Date(ms).toISOString().startsWith(text.slice(0, 19));
}
/** UTC instant on a whole second, e.g. `2026-06-01T12:00:00Z`: starts and ends of slots. */
export const instantSeconds = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/, "a UTC instant on a whole second")
  .refine(isInstant, "a UTC instant that exists")
  .meta({ title: "instant" });
/** UTC instant with milliseconds, e.g. `2026-06-01T12:00:00.123Z`. */
export const instantMs = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, "a UTC instant in milliseconds")
  .refine(isInstant, "a UTC instant that exists")
  .meta({ title: "instant with ms" });
export const sha256Hex = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "SHA-256 in lower-case hex")
  .meta({ title: "sha256 hex" });
export const bytesHex = z
  .string()
  .regex(/^([0-9a-f]{2})+$/, "bytes in lower-case hex")
  .max(4096)
  .meta({ title: "hex" });
/** ECDSA P-256 signature as r ‖ s, 64 bytes in hex. */
export const p1363Hex = z
  .string()
  .regex(/^[0-9a-f]{128}$/, "r and s, 64 bytes in lower-case hex")
  .meta({ title: "signature hex" });
/** ISO 4217 currency code. */
export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, "an ISO 4217 code")
  .meta({ title: "currency" });
/** Idempotency key chosen by the client; the same nonce is carried out once. */
export const nonce = z
  .string()
  .regex(/^[A-Za-z0-9_-]{8,64}$/, "8 to 64 of A-Z a-z 0-9 _ -")
  .meta({ title: "nonce" });
/** Integer that is exact in a double. */
export const safeInteger = z.int();
export const wh = z.int().min(0);
