import { bearerToken } from "@powershare/domain/enrolment";
import { CodedError } from "@powershare/domain/errors";
import type { FastifyRequest } from "fastify";

/** The token of the Authorization header. @throws CodedError with this code where there is none */
export function bearerOf(
  { headers }: FastifyRequest,
  code: "enrolment.operator" | "enrolment.token",
): string {
  const [scheme, token, ...more] = (headers.authorization ?? "").split(" ");
  if (
    scheme?.toLowerCase() === "bearer" &&
    more.length === 0 &&
    bearerToken.safeParse(token).success
  ) {
    return token ?? "";
  }
  throw new CodedError(code, "expected `Authorization: Bearer` with a token");
}
