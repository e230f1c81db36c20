import { createPublicKey } from "node:crypto";
import { CodedError } from "@powershare/domain/errors";

/** What a record says of itself, as far as its number is concerned. */
export interface OcmfNumber {
  readonly meter: string;
  /** `T<n>`: counts per meter, two records an interval. */
  readonly page: number;
}

/** @throws CodedError evidence.schema for a line that is no OCMF record of ours */
export function ocmfNumber(record: string): OcmfNumber {
  const [format, payload] = record.split("|");
  try {
    if (format !== "OCMF" || payload === undefined) throw new Error("does not begin with OCMF|");
    const { PG, XN } = JSON.parse(payload) as { PG?: unknown; XN?: unknown };
    const [, digits] = /^T(\d+)$/.exec(String(PG)) ?? [];
    if (digits === undefined || typeof XN !== "string") throw new Error("without PG or XN");
    return { meter: XN, page: Number(digits) };
  } catch (cause) {
    throw new CodedError("evidence.schema", "a line that is no OCMF record", { cause });
  }
}

/** Where the numbers of one meter's records do not follow one another; undefined where they all do. */
export function ocmfGap(numbers: readonly OcmfNumber[]): OcmfNumber | undefined {
  const newest = new Map<string, number>();
  return numbers.find(({ meter, page }) => {
    const before = newest.get(meter);
    newest.set(meter, page);
    return before !== undefined && page !== before + 1;
  });
}

/** SubjectPublicKeyInfo of a certificate's or key's PEM, DER in hex: how OCMF names a key. */
export function spkiHex(pem: string): string {
  return createPublicKey(pem).export({ type: "spki", format: "der" }).toString("hex");
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Records with their key in the XML that SAFE's Transparenzsoftware opens. */
export function ocmfXml(records: readonly string[], publicKeyHex: string): string {
  const values = records.map((record, index) =>
    [
      `  <value transactionId="${index + 1}">`,
      `    <signedData format="OCMF" encoding="plain">${escaped(record)}</signedData>`,
      `    <publicKey encoding="plain">${publicKeyHex}</publicKey>`,
      "  </value>",
    ].join("\n"),
  );
  return [
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
    "<values>",
    ...values,
    "</values>",
    "",
  ].join("\n");
}
