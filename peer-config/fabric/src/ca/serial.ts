import { X509Certificate } from "node:crypto";
import { FabricError } from "../errors.js";

// RFC 5280, 4.2.1.1: the extension's OID, then an OCTET STRING with a SEQUENCE whose [0] is the key identifier.
const authorityKeyIdentifier = Buffer.from("0603551d23", "hex");

/** By what Fabric CA knows a certificate: serial number and authority key identifier, both in hex. */
export function serialAndIssuer(certificatePem: string): { serial: string; aki: string } {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(certificatePem);
  } catch (cause) {
    throw new FabricError("fabric.ca-request", "expected a certificate in PEM", { cause });
  }
  const { raw, serialNumber } = certificate;
  const at = raw.indexOf(authorityKeyIdentifier);
  const value = raw.subarray(at + authorityKeyIdentifier.length);
  const [octets, , sequence, , tag, length] = value;
  if (at < 0 || octets !== 0x04 || sequence !== 0x30 || tag !== 0x80 || length === undefined) {
    throw new FabricError("fabric.ca-request", "the certificate does not name its CA's key");
  }
  const serial = serialNumber.toLowerCase().replace(/^0+/, "");
  return { serial, aki: value.subarray(6, 6 + length).toString("hex") };
}
