import type { z } from "zod";
import { CodedError } from "../errors/index.js";

/** The value, if it has the shape; else throws `evidence.schema` with the JSON path and what was expected there. */
export function parseEvidence<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue === undefined ? "" : ` at /${issue.path.map(String).join("/")}`;
  throw new CodedError(
    "evidence.schema",
    `${what}${path}: ${issue?.message ?? "not of its shape"}`,
    {
      cause: result.error,
    },
  );
}
