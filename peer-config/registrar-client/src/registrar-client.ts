import { request as httpsRequest } from "node:https";
import {
  type CertificateAnswer,
  type CertificateRequest,
  certificateAnswer,
  challengeAnswer,
  type EnrolmentRequest,
  type EnrolmentStatus,
  type EnrolmentTicket,
  enrolmentStatus,
  enrolmentTicket,
  type RenewalRequest,
  refusal,
} from "@powershare/domain/enrolment";
import { CodedError, catalogue, type ErrorCode } from "@powershare/domain/errors";
import { z } from "zod";

export interface RegistrarAddress {
  /** e.g. `https://registrar.example.org:8443` */
  readonly url: string;
  /** Certificate that the registrar's TLS certificate must chain to; nobody else is spoken to. */
  readonly caPem: string;
  /** Gives up what is under way. */
  readonly signal?: AbortSignal;
}

const withinMs = 20_000;
const mostAnswerBytes = 8 * 1024 * 1024;

interface Call<T> {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly token?: string | undefined;
  readonly body?: object;
  readonly answer: z.ZodType<T>;
}

/**
 * Calls of a registrar. Refusals are CodedErrors with the registrar's own code; `enrolment.unavailable` where it
 * does not answer, or not with a certificate of its CA.
 */
export class RegistrarClient {
  readonly #address: RegistrarAddress;

  constructor(address: RegistrarAddress) {
    this.#address = address;
  }

  submit(request: EnrolmentRequest): Promise<EnrolmentTicket> {
    const answer = enrolmentTicket;
    return this.call({ method: "POST", path: "/api/enrolments", body: request, answer });
  }

  status({ id, token }: Pick<EnrolmentTicket, "id" | "token">): Promise<EnrolmentStatus> {
    return this.call({
      method: "GET",
      path: `/api/enrolments/${id}`,
      token,
      answer: enrolmentStatus,
    });
  }

  certificate(
    { id, token }: Pick<EnrolmentTicket, "id" | "token">,
    body: CertificateRequest,
  ): Promise<CertificateAnswer> {
    const path = `/api/enrolments/${id}/certificate`;
    return this.call({ method: "POST", path, token, body, answer: certificateAnswer });
  }

  challenge(device: string): Promise<z.infer<typeof challengeAnswer>> {
    const path = "/api/renewals/challenge";
    return this.call({ method: "POST", path, body: { device }, answer: challengeAnswer });
  }

  renew(body: RenewalRequest): Promise<CertificateAnswer> {
    return this.call({ method: "POST", path: "/api/renewals", body, answer: certificateAnswer });
  }

  /** Any call. @throws CodedError of the registrar, enrolment.unavailable */
  async call<T>({ method, path, token, body, answer }: Call<T>): Promise<T> {
    const { url } = this.#address;
    const { status, text } = await this.#send({
      method,
      path,
      token,
      body: body && JSON.stringify(body),
    });
    const content = parseJson(text);
    if (status >= 200 && status < 300) {
      const parsed = answer.safeParse(content);
      if (parsed.success) return parsed.data;
      throw unavailable(`${url} answered in an unknown form: ${z.prettifyError(parsed.error)}`);
    }
    const refused = refusal.safeParse(content);
    if (refused.success && isErrorCode(refused.data.code)) {
      throw new CodedError(refused.data.code, refused.data.error);
    }
    throw unavailable(`${url}${path} answered HTTP ${status}`);
  }

  #send(call: {
    method: string;
    path: string;
    token: string | undefined;
    body: string | undefined;
  }): Promise<{ status: number; text: string }> {
    const { url, caPem, signal: stopping } = this.#address;
    const headers = {
      ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
      ...(call.body === undefined ? {} : { "content-type": "application/json" }),
    };
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) =>
        reject(
          unavailable(`${url}: ${cause instanceof Error ? cause.message : String(cause)}`, cause),
        );
      const deadline = AbortSignal.timeout(withinMs);
      const signal = stopping === undefined ? deadline : AbortSignal.any([stopping, deadline]);
      const options = { method: call.method, ca: caPem, headers, signal, agent: false };
      const outgoing = httpsRequest(new URL(call.path, url), options, (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > mostAnswerBytes) outgoing.destroy(new Error("the answer is too long"));
          chunks.push(chunk);
        });
        incoming.on("error", fail);
        incoming.on("end", () =>
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      });
      outgoing.on("error", fail);
      outgoing.end(call.body);
    });
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(catalogue, code);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unavailable(message: string, cause?: unknown): CodedError {
  return new CodedError("enrolment.unavailable", message, { cause });
}
