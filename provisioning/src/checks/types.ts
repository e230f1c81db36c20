import type { ErrorCode } from "@powershare/domain/errors";
import type { TpmAddress } from "../enrolment/device.js";

/** What a check found. */
export interface Finding {
  readonly ok: boolean;
  /** What was seen, in one line, without secrets. */
  readonly detail: string;
  /** What a person does now; where it is left out, the code's own remedy holds. */
  readonly remedy?: string;
  readonly code?: ErrorCode;
}

/** One thing that can be wrong on a device. An error with a code that it throws is its finding; without, it could not look. */
export interface Check {
  readonly id: string;
  readonly title: string;
  run(signal: AbortSignal): Promise<Finding>;
}

/** What has to be right on a machine before anything is configured. */
export interface SystemOptions {
  /** Where the agent keeps, or will keep, its keys and readings. */
  readonly dataDir: string;
  readonly tpm: TpmAddress;
  /** Paths of serial devices; none where meters answer over TCP alone. */
  readonly serialPorts: readonly string[];
}

/** All is well, as far as this check can see. */
export const well = (detail: string): Finding => ({ ok: true, detail });

/** Something is wrong; the code's remedy says what to do. */
export const ill = (code: ErrorCode, detail: string): Finding => ({ ok: false, code, detail });
