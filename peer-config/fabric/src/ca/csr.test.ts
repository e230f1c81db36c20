import { generateKeyPairSync, sign, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createCsr } from "./csr.js";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const publicKeySpki = publicKey.export({ type: "spki", format: "der" });

async function requestFor(commonName: string): Promise<Buffer> {
  const pem = await createCsr({
    commonName,
    publicKeySpki,
    sign: (tbs) => Promise.resolve(sign("sha256", tbs, privateKey)),
  });
  return Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ""), "base64");
}

/** Contents and end of the element that starts at `from`, read independently of the encoder. */
function element(bytes: Buffer, from: number) {
  const first = bytes[from + 1]!;
  const extra = first < 0x80 ? 0 : first & 0x7f;
  const length = extra === 0 ? first : bytes.readUIntBE(from + 2, extra);
  const start = from + 2 + extra;
  return { tag: bytes[from], start, end: start + length };
}

describe("a certificate request", () => {
  test.each([
    ["a household", "h1"],
    ["a name of more than 127 bytes", "x".repeat(200)],
    ["a name of more than 255 bytes", "y".repeat(300)],
    ["letters beyond ASCII", "São João"],
  ])("for %s is signed by the key it holds", async (_, commonName) => {
    const csr = await requestFor(commonName);
    const outer = element(csr, 0);
    expect(outer).toMatchObject({ tag: 0x30, end: csr.length });
    const tbs = element(csr, outer.start);
    const algorithm = element(csr, tbs.end);
    const signature = element(csr, algorithm.end);
    expect(signature).toMatchObject({ tag: 0x03, end: csr.length });
    const signed = csr.subarray(outer.start, tbs.end);
    expect(
      verify("sha256", signed, publicKey, csr.subarray(signature.start + 1, signature.end)),
    ).toBe(true);
    expect(signed.includes(Buffer.from(commonName, "utf8"))).toBe(true);
    expect(signed.includes(publicKeySpki)).toBe(true);
  });

  test("is PEM in lines of at most 64 characters", async () => {
    const sign64 = () => Promise.resolve(Buffer.alloc(64));
    const pem = await createCsr({ commonName: "h1", publicKeySpki, sign: sign64 });
    const lines = pem.trimEnd().split("\n");
    expect(lines[0]).toBe("-----BEGIN CERTIFICATE REQUEST-----");
    expect(lines.at(-1)).toBe("-----END CERTIFICATE REQUEST-----");
    expect(lines.slice(1, -1).every((line) => /^[A-Za-z0-9+/=]{1,64}$/.test(line))).toBe(true);
  });
});
