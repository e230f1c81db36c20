import { createPrivateKey } from "node:crypto";
import { signers } from "@hyperledger/fabric-gateway";

/**
 * Signs digests with a P-256 key in a file, for those who have no TPM: operator, utility, bank.
 * @param privateKeyPem - PKCS#8 or SEC1
 * @returns what `connectLedger` takes as `sign`: DER with low S
 */
export function softwareSigner(privateKeyPem: string): (digest: Uint8Array) => Promise<Uint8Array> {
  return signers.newPrivateKeySigner(createPrivateKey(privateKeyPem));
}
