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
  const { toBeSigned, signature } = parts(csrPem);
  let expected: Uint8Array = new Uint8Array();
  await createCsr({
    commonName: participant,
    publicKeySpki: readingSpki,
    sign: async (bytes) => {
      expected = bytes;
      return new Uint8Array();
    },
  });
  if (!Buffer.from(toBeSigned).equals(expected)) {
    throw refusal(`it is not that of ${participant} with the certified reading key alone`);
  }
  const key = createPublicKey({ key: Buffer.from(readingSpki), type: "spki", format: "der" });
  if (!verify("sha256", toBeSigned, key, signature)) {
    throw refusal("it is not signed by the reading key");
  }
}

function parts(csrPem: string): { toBeSigned: Uint8Array; signature: Uint8Array } {
  const block =
    /^-----BEGIN CERTIFICATE REQUEST-----\n([A-Za-z0-9+/=\n]+)-----END CERTIFICATE REQUEST-----\n?$/.exec(
      csrPem,
    );
  if (block?.[1] === undefined) throw refusal("expected one CERTIFICATE REQUEST in PEM");
  try {
    const [request, ...more] = elements(Buffer.from(block[1], "base64"));
    const [toBeSigned, , bits, ...rest] = inside(request);
    if (more.length + rest.length > 0 || toBeSigned === undefined || bits?.tag !== 0x03) {
      throw new RangeError("expected request, algorithm and signature");
    }
    return { toBeSigned: toBeSigned.whole, signature: bits.content.subarray(1) };
  } catch (cause) {
    throw refusal("it is no PKCS#10 request", cause);
  }
}

function refusal(message: string, cause?: unknown): CodedError {
  return new CodedError("enrolment.csr", `the certificate request is refused: ${message}`, {
    cause,
  });
}
