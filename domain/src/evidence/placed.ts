import { CodedError, type ErrorCode } from "../errors/index.js";

/** A refusal, and the place in the file (JSON pointer) where it was found. */
export class PlacedRefusal extends Error {
  readonly code: ErrorCode;
  readonly place: string;
  constructor(place: string, cause: CodedError) {
    super(cause.message, { cause });
    this.code = cause.code;
    this.place = place;
  }
}

/** Runs a check of one place; its CodedErrors come out with that place. */
export function checkAt<T>(place: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof CodedError ? new PlacedRefusal(place, error) : error;
  }
}

/** Refuses the file for what stands at a place. */
export function refuseAt(place: string, code: ErrorCode, message: string): never {
  throw new PlacedRefusal(place, new CodedError(code, message));
}
