import { der } from "./der.js";

/** Signs bytes with ECDSA P-256 and SHA-256 and gives the signature in DER: a TPM, a key file, a card. */
export type Sign = (message: Uint8Array) => Promise<Uint8Array>;

const OID_COMMON_NAME = Buffer.from("0603550403", "hex");
const OID_ECDSA_WITH_SHA256 = Buffer.from("06082a8648ce3d040302", "hex");

/**
 * A PKCS#10 certificate request (RFC 2986) whose subject is a common name only. Fabric CA takes everything
 * else (organisational units, attributes, host names) from the registration and from the enrolment call.
 * @param request.commonName the enrolment id; Fabric CA requires them to be equal
 * @param request.publicKeySpki SubjectPublicKeyInfo of the P-256 key, DER
 * @param request.sign signer of that key; high S is fine here
 * @returns PEM
 */
export async function createCsr(request: {
  commonName: string;
  publicKeySpki: Uint8Array;
  sign: Sign;
}): Promise<string> {
  const name = der(0x30, OID_COMMON_NAME, der(0x0c, Buffer.from(request.commonName, "utf8")));
  const version = Buffer.from("020100", "hex");
  const tbs = der(
    0x30,
    version,
    der(0x30, der(0x31, name)),
    request.publicKeySpki,
    der(0xa0), // no attributes
  );
  const signature = await request.sign(tbs);
  const csr = der(
    0x30,
    tbs,
    der(0x30, OID_ECDSA_WITH_SHA256),
    der(0x03, Buffer.of(0), signature), // 0: no unused bits
  );
  return toPem("CERTIFICATE REQUEST", csr);
}

function toPem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
