import { createPublicKey, verify } from "node:crypto";
import { CodedError } from "@powershare/domain/errors";
import { createCsr } from "@powershare/fabric/ca";
import { elements, inside } from "./der.js";

/**
 * Checks that a certificate request is, byte for byte, the one of this key in this name, and signed by it.
 * Devices choose nothing: neither subject, nor attributes, nor extensions.
 * @param readingSpki SubjectPublicKeyInfo of the certified reading key, DER
 * @throws CodedError enrolment.csr
 */
export async function checkCsr(
  csrPem: string,
  readingSpki: Uint8Array,
  participant: string,
): Promise<void> {
  const signature = signatureOf(csrPem);
  let toBeSigned: Uint8Array = new Uint8Array();
  const expected = await createCsr({
    commonName: participant,
    publicKeySpki: readingSpki,
    sign: async (bytes) => {
      toBeSigned = bytes;
      return signature;
    },
  });
  if (csrPem.trimEnd() !== expected.trimEnd()) {
    throw refusal(`it is not that of ${participant} with the certified reading key alone`);
  }
  const key = createPublicKey({ key: Buffer.from(readingSpki), type: "spki", format: "der" });
  if (!verify("sha256", toBeSigned, key, signature)) {
    throw refusal("it is not signed by the reading key");
  }
}

/** The signature of a PKCS#10 request (RFC 2986); nothing else of it is taken from what came. */
function signatureOf(csrPem: string): Uint8Array {
  const [, body] =
    /^-----BEGIN CERTIFICATE REQUEST-----\n([A-Za-z0-9+/=\n]+)-----END CERTIFICATE REQUEST-----\n?$/.exec(
      csrPem,
    ) ?? [];
  if (body === undefined) throw refusal("expected one CERTIFICATE REQUEST in PEM");
  try {
    const bits = inside(elements(Buffer.from(body, "base64"))[0])[2];
    if (bits?.tag !== 0x03) throw new RangeError("expected a signature");
    return bits.content.subarray(1);
  } catch (cause) {
    throw refusal("it is no PKCS#10 request", cause);
  }
}

function refusal(message: string, cause?: unknown): CodedError {
  return new CodedError("enrolment.csr", `the certificate request is refused: ${message}`, {
    cause,
  });
}
