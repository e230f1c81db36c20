import { text } from "node:stream/consumers";
import { bearerToken } from "@powershare/domain/enrolment";
import { RegistrarClient } from "@powershare/registrar-client";
import type { z } from "zod";
import { readCertificates } from "../certificate.js";
import { readText } from "../input-file.js";
import { UnreadableInput } from "../output.js";

export interface OperatorOptions {
  readonly registrar: string;
  readonly registrarCa: string;
  readonly tokenFile: string;
  readonly json?: boolean;
}

/** The registrar's operator calls, with an operator's token. */
export interface OperatorClient {
  /** The same registrar as devices see it. */
  readonly registrar: RegistrarClient;
  get<T>(path: string, answer: z.ZodType<T>): Promise<T>;
  post<T>(path: string, body: object | undefined, answer: z.ZodType<T>): Promise<T>;
}

/** @throws UnreadableInput for files that cannot be used */
export async function operatorClient(options: OperatorOptions): Promise<OperatorClient> {
  const { registrar: url, registrarCa, tokenFile } = options;
  const registrar = new RegistrarClient({
    url,
    caPem: (await readCertificates(registrarCa)).join(""),
  });
  const read = tokenFile === "-" ? await text(process.stdin) : await readText(tokenFile, 1);
  const token = bearerToken.safeParse(read.trim());
  if (!token.success) throw new UnreadableInput(`${tokenFile}: expected an operator's token`);
  return {
    registrar,
    get: (path, answer) => registrar.call({ method: "GET", path, token: token.data, answer }),
    post: (path, body, answer) =>
      registrar.call({ method: "POST", path, token: token.data, answer, ...(body && { body }) }),
  };
}
