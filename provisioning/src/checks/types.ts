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

/** One thing that can be wrong on a device. Whatever it throws counts as not looked at. */
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
