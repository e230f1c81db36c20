/** Codes of this package; meaning and remedy of each stand in the project's error catalogue. */
export type FabricErrorCode =
  | "fabric.binaries-missing"
  | "fabric.binaries-version"
  | "fabric.ca-identity-exists"
  | "fabric.ca-refused"
  | "fabric.ca-request"
  | "fabric.ca-unavailable"
  | "fabric.command-failed"
  | "fabric.data-mismatch"
  | "fabric.dir-in-use"
  | "fabric.not-ready"
  | "fabric.port-taken"
  | "fabric.process-exited";

/** A failure of the network or a CA: what happened stands in `message`, what to do in the catalogue under `code`. */
export class FabricError extends Error {
  readonly code: FabricErrorCode;

  constructor(code: FabricErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "FabricError";
    this.code = code;
  }
}
