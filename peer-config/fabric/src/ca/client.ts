import { request as httpsRequest } from "node:https";
import { z } from "zod";
import { FabricError } from "../errors.js";
import type { Sign } from "./csr.js";
import { toLowS } from "./der.js";

/** Where a CA listens and how it is told from an impostor. */
export interface CaAddress {
  /** e.g. `https://localhost:7054` */
  readonly url: string;
  /** Certificate that the CA's TLS certificate must chain to. */
  readonly tlsCertificatePem: string;
  /** Which CA of the server, e.g. `ca-community`. */
  readonly caName: string;
  /** Deadline of one call; 10 s unless given. */
  readonly timeoutMs?: number;
}

/** Holder of a certificate of this CA, acting with its key. */
export interface CaIdentity {
  readonly certificatePem: string;
  readonly sign: Sign;
}

export type Method = "GET" | "POST" | "PUT";
interface Call {
  readonly method: Method;
  readonly path: string;
  readonly body: Uint8Array;
}

export type Authorisation = { basic: { id: string; secret: string } } | { token: CaIdentity };

const answer = z.object({
  success: z.boolean(),
  result: z.unknown(),
  errors: z.array(z.object({ code: z.number(), message: z.string() })).nullish(),
});

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const CODE_IDENTITY_EXISTS = 74;

/**
 * One call to Fabric CA's REST API.
 * @returns `result` of the answer, not yet checked
 * @throws FabricError `fabric.ca-refused` or `fabric.ca-identity-exists` where the CA says no,
 *   `fabric.ca-unavailable` where it does not answer or not as a CA does
 */
export async function callCa(
  ca: CaAddress,
  path: string,
  body: Record<string, unknown>,
  authorisation: Authorisation,
  method: Method = "POST",
): Promise<unknown> {
  const bytes =
    method === "GET"
      ? Buffer.alloc(0)
      : Buffer.from(JSON.stringify({ caname: ca.caName, ...body }));
  const call = { method, path, body: bytes };
  const { status, text } = await send(ca, call, await header(call, authorisation));
  const parsed = answer.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new FabricError(
      "fabric.ca-unavailable",
      `${ca.url}${path} answered HTTP ${status} with something that is no answer of Fabric CA: ${text.slice(0, 200)}`,
    );
  }
  if (parsed.data.success) return parsed.data.result;
  const errors = parsed.data.errors ?? [];
  const why = errors.map(({ code, message }) => `${message} (code ${code})`).join("; ");
  throw new FabricError(
    errors.some(({ code }) => code === CODE_IDENTITY_EXISTS)
      ? "fabric.ca-identity-exists"
      : "fabric.ca-refused",
    `${ca.caName} at ${ca.url} refused ${path} with HTTP ${status}: ${why}`,
  );
}

/**
 * Fabric CA's token carries neither nonce nor time and could be replayed, so it only ever travels in TLS.
 * It is `base64(certificate).base64(signature)` over `METHOD.base64(path).base64(body).base64(certificate)`.
 */
async function header({ method, path, body }: Call, authorisation: Authorisation) {
  if ("basic" in authorisation) {
    const { id, secret } = authorisation.basic;
    return `Basic ${base64(`${id}:${secret}`)}`;
  }
  const certificate = base64(authorisation.token.certificatePem);
  const message = `${method}.${base64(path)}.${base64(body)}.${certificate}`;
  const signature = await authorisation.token.sign(Buffer.from(message, "ascii"));
  return `${certificate}.${base64(toLowS(signature))}`;
}

function base64(data: string | Uint8Array): string {
  return Buffer.from(data).toString("base64");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function send(
  ca: CaAddress,
  { method, path, body }: Call,
  authorization: string,
): Promise<{ status: number; text: string }> {
  const timeoutMs = ca.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) =>
      reject(
        new FabricError(
          "fabric.ca-unavailable",
          `${ca.caName} at ${ca.url} did not answer ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
          { cause },
        ),
      );
    const request = httpsRequest(
      new URL(path, ca.url),
      {
        method,
        ca: ca.tlsCertificatePem,
        headers: {
          authorization,
          "content-type": "application/json",
          "content-length": body.length,
        },
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_ANSWER_BYTES) request.destroy(new Error("the answer is too long"));
          chunks.push(chunk);
        });
        response.on("error", fail);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      },
    );
    request.on("error", fail);
    request.end(body);
  });
}
