import { generateKeyPairSync } from "node:crypto";
import { createServer as createHttpsServer, type Server } from "node:https";
import { createServer as createTcpServer } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import { codeOf } from "@powershare/domain/errors";
import { type CertificateOptions, simulatedMaker } from "node-tpm2/testing";
import { RegistrarClient } from "../registrar-client.js";

const registrarName = "localhost";
const day = 86_400_000;
const ours = simulatedMaker("Operator's CA");
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = publicKey.export({ type: "spki", format: "der" });
const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

const short = (tag: number, body: Uint8Array) => Buffer.from([tag, body.length, ...body]);
/** Extension of a TLS server's certificate: its names (RFC 5280, 4.2.1.6). */
const namesOf = (...names: readonly string[]) => ({
  oidHex: "551d11",
  value: short(0x30, Buffer.concat(names.map((name) => short(0x82, Buffer.from(name))))),
  critical: false,
});
/** Extension that allows clients alone (RFC 5280, 4.2.1.12). */
const clientsOnly = {
  oidHex: "551d25",
  value: short(0x30, short(0x06, Buffer.from("2b06010505070302", "hex"))),
  critical: true,
};
const right: CertificateOptions = { signs: true, extensions: [namesOf(registrarName)] };
const named = (...names: readonly string[]): CertificateOptions => ({
  ...right,
  extensions: [namesOf(...names)],
});

/** The certificates of an impostor's server, leaf first; each attempt has a maker or dates of its own. */
export const impostors: Readonly<Record<string, (attempt: number) => readonly Uint8Array[]>> = {
  "another CA": () => [simulatedMaker("Another CA").certify(spki, right)],
  "a CA of the same name": () => {
    const forged = simulatedMaker(ours.name);
    return [forged.certify(spki, right), forged.certificate];
  },
  "a CA whose certificate ours did not sign": () => {
    const between = simulatedMaker("Between").intermediate("Below");
    return [between.certify(spki, right), between.certificate];
  },
  "a certificate of ours that is no CA": () => {
    const leaf = ours.intermediate("Another household", { ca: false, signs: true });
    return [leaf.certify(spki, right), leaf.certificate];
  },
  "another name": (attempt) => {
    const names = [`${registrarName}.evil.example`, `evil${registrarName}`, `${attempt}.example`];
    return [ours.certify(spki, named(names[attempt % names.length] ?? "", "127.0.0.1"))];
  },
  "no name": () => [ours.certify(spki, { signs: true })],
  expired: (attempt) => [
    ours.certify(spki, { ...right, to: new Date(Date.now() - (attempt + 1) * 60_000) }),
  ],
  "not valid yet": (attempt) => [
    ours.certify(spki, { ...right, from: new Date(Date.now() + (attempt + 1) * day) }),
  ],
  "a certificate for clients alone": () => [
    ours.certify(spki, { ...right, extensions: [namesOf(registrarName), clientsOnly] }),
  ],
};

const toPem = (bytes: Uint8Array) =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString("base64")}\n-----END CERTIFICATE-----\n`;
const contextOf = (chain: readonly Uint8Array[]) =>
  createSecureContext({ key, cert: chain.map(toPem).join("") });

/** A server in the registrar's place that shows a chosen certificate, and hears what reaches it. */
export class Impostor {
  heard = 0;
  readonly #server: Server;
  #context: SecureContext = contextOf([ours.certify(spki, right)]);

  constructor() {
    this.#server = createHttpsServer({ SNICallback: (_, done) => done(null, this.#context) });
    this.#server.on("request", (_, response) => {
      this.heard += 1;
      response.end(JSON.stringify({ state: "waiting" }));
    });
    // Clients that hang up are the point.
    this.#server.on("tlsClientError", () => undefined);
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  show(chain: readonly Uint8Array[]): void {
    this.#context = contextOf(chain);
  }

  /** A device asks, with its token. @returns the code of its refusal; undefined where it took the answer */
  async ask(): Promise<string | undefined> {
    const address = this.#server.address();
    const port = typeof address === "object" ? address?.port : 0;
    return await askAt(`https://${registrarName}:${port}`);
  }

  close(): void {
    this.#server.close();
  }
}

async function askAt(url: string): Promise<string | undefined> {
  const client = new RegistrarClient({ url, caPem: ours.certificatePem });
  try {
    await client.status({ id: "00".repeat(16), token: "t".repeat(43) });
    return undefined;
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}

/** What a device says of a server that answers with these bytes in the place of TLS. */
export async function askPlain(bytes: Uint8Array): Promise<string | undefined> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  try {
    return await askAt(
      `https://${registrarName}:${typeof address === "object" ? address?.port : 0}`,
    );
  } finally {
    server.close();
  }
}
