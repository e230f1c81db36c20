import * as crypto from "node:crypto";
import type { RenewalRequest } from "@powershare/domain/enrolment";
import { cryptoFrom, toHex } from "@powershare/domain/evidence";
import type { DeviceIdentity } from "node-tpm2";

const { sha256 } = cryptoFrom(crypto);

/** What the registrar's proofs need of a device's identity in its TPM. */
export type CertifyingIdentity = Pick<
  DeviceIdentity,
  "device" | "readingSpki" | "certifyReadingKey" | "sign"
>;

/** The attestation key's word that the reading key is in the same TPM, in hex. @throws TpmError */
export async function certificationOf(
  identity: Pick<DeviceIdentity, "certifyReadingKey">,
  qualifyingData?: Uint8Array,
): Promise<RenewalRequest["certification"]> {
  const { attest, signature } = await identity.certifyReadingKey(qualifyingData);
  return { attest: toHex(attest), signature: toHex(signature) };
}

/** A certificate request for the reading key, signed by it; PEM. @throws TpmError */
export async function csrOf(
  identity: Pick<DeviceIdentity, "readingSpki" | "sign">,
  commonName: string,
): Promise<string> {
  const [{ createCsr }, { toDerLowS }] = await Promise.all([
    import("@powershare/fabric/ca"),
    import("node-tpm2"),
  ]);
  return await createCsr({
    commonName,
    publicKeySpki: identity.readingSpki,
    sign: async (tbs) => toDerLowS(await identity.sign(sha256(tbs))),
  });
}
