import { createPrivateKey, createPublicKey, sign } from "node:crypto";

/** Extension in which Fabric CA writes attributes, as JSON `{"attrs": {…}}`. */
const attributesOid = "2a03040506070801"; // 1.2.3.4.5.6.7.8.1

function der(tag: number, ...contents: Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  const length =
    body.length < 0x80
      ? Buffer.from([body.length])
      : Buffer.from([0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), length, body]);
}
const sequence = (...contents: Uint8Array[]) => der(0x30, ...contents);
const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
const utcTime = (text: string) => der(0x17, Buffer.from(text));
const integer = (value: number) => der(0x02, Buffer.from([value]));
const name = (commonName: string) =>
  sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(commonName)))));

/** An X.509 certificate (RFC 5280) as Fabric CA would issue it for this key, with these attributes. */
export function certificatePem(
  commonName: string,
  privateKeyPem: string,
  attributes: Readonly<Record<string, string>>,
): string {
  const key = createPrivateKey(privateKeyPem);
  const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"));
  const extension = sequence(
    oid(attributesOid),
    der(0x04, Buffer.from(JSON.stringify({ attrs: attributes }))),
  );
  const toBeSigned = sequence(
    der(0xa0, integer(2)),
    integer(1),
    ecdsaWithSha256,
    name("test-ca"),
    sequence(utcTime("260101000000Z"), utcTime("460101000000Z")),
    name(commonName),
    createPublicKey(key).export({ type: "spki", format: "der" }),
    der(0xa3, sequence(extension)),
  );
  const signature = sign("sha256", toBeSigned, key);
  const certificate = sequence(
    toBeSigned,
    ecdsaWithSha256,
    der(0x03, Buffer.from([0]), signature),
  ).toString("base64");
  return `-----BEGIN CERTIFICATE-----\n${certificate.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}
