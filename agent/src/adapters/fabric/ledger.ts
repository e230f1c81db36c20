import { readFileSync } from "node:fs";
import { connectLedger } from "@powershare/ledger-client";
import { toDerLowS } from "node-tpm2";
import type { Signer } from "../../ports/signer.js";
import { RenewableLedger } from "./renewable-ledger.js";

export interface FabricOptions {
  readonly endpoint: string;
  readonly tlsHostname: string;
  readonly tlsRootCertificate: string;
  readonly mspId: string;
  readonly certificate: string;
  readonly channel: string;
  readonly chaincode: string;
}

/** The neighbourhood's ledger, and what makes its client use the certificate that is in the file now. */
export interface FabricLedger {
  readonly ledger: RenewableLedger;
  readonly useNewCertificate: () => Promise<void>;
}

/** The neighbourhood's ledger with the household's identity, whose key is in the TPM. Reads the certificates now, connects later. */
export function fabricLedger(
  options: FabricOptions,
  signer: Signer,
  onTrouble: (error: unknown) => void,
): FabricLedger {
  const { endpoint, tlsHostname, mspId, channel, chaincode } = options;
  const connect = () =>
    connectLedger({
      endpoint,
      tlsHostname,
      tlsRootCertificatePem: readFileSync(options.tlsRootCertificate, "utf8"),
      mspId,
      certificatePem: readFileSync(options.certificate, "utf8"),
      sign: async (digest) => toDerLowS(await signer.sign(digest)),
      channel,
      chaincode,
      onTrouble,
    });
  const ledger = new RenewableLedger(connect());
  return { ledger, useNewCertificate: () => ledger.exchange(connect()) };
}
