export type ProfileErrorCode =
  | "profile.bad-chain"
  | "profile.capture"
  | "profile.invalid"
  | "profile.no-model"
  | "profile.no-sunspec"
  | "profile.unknown"
  | "profile.unreadable"
  | "profile.unresolved"
  | "profile.value";

/** What can be wrong with a profile or a capture; `problems` names each place. */
export class ProfileError extends Error {
  override readonly name = "ProfileError";
  readonly code: ProfileErrorCode;
  readonly problems: readonly string[];
  constructor(
    code: ProfileErrorCode,
    message: string,
    options: { cause?: unknown; problems?: readonly string[] } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.problems = options.problems ?? [];
  }
}
