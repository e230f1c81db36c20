import { catalogue } from "./catalogue.js";

export type ErrorCode = keyof typeof catalogue;
export { catalogue };

/**
 * An expected failure with a stable code. What to do about it stands once, in the catalogue,
 * which also makes docs/errors.md. Libraries that stand alone (node-tpm2, modbus, firmware-profiles)
 * throw errors of their own with a `code` from the same list.
 */
export class CodedError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "CodedError";
    this.code = code;
  }
}

/** The code of anything thrown, if it has one of ours. */
export function codeOf(error: unknown): ErrorCode | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" && Object.hasOwn(catalogue, code)
    ? (code as ErrorCode)
    : undefined;
}

/** What a person should do now. */
export function remedyFor(code: ErrorCode): string {
  return catalogue[code].remedy;
}
