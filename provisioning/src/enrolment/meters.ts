import type { EnrolmentRequest } from "@powershare/domain/enrolment";
import { InvalidArgumentError } from "commander";
import { UnreadableInput } from "../output.js";

export interface DeclaredMeter {
  readonly role: "connection" | "generator";
  readonly profile: string;
  readonly serialNumber: string;
  /** The most that can flow, where it is known. */
  readonly limitW?: number;
}

/** Parser of `ROLE=PROFILE:SERIAL`. */
export function declaredMeter(text: string): DeclaredMeter {
  const [, role, profile, serialNumber] =
    /^(connection|generator)=([a-z0-9-]+\/[a-z0-9-]+):([A-Za-z0-9._-]+)$/.exec(text) ?? [];
  if ((role === "connection" || role === "generator") && profile && serialNumber) {
    return { role, profile, serialNumber };
  }
  throw new InvalidArgumentError("expected connection= or generator=, then PROFILE:SERIAL");
}

/** As it is registered: the profile by its hash. @throws UnreadableInput for a profile that is not known */
export async function meterOf(meter: DeclaredMeter): Promise<EnrolmentRequest["meters"][number]> {
  const { loadProfile } = await import("@powershare/firmware-profiles");
  const { limitW, profile, role, serialNumber } = meter;
  try {
    return {
      id: `${profile}:${serialNumber}`,
      role,
      profile: loadProfile(profile).hash,
      ...(limitW !== undefined && { limitW }),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UnreadableInput(`--meter ${profile}: ${reason}`, { cause });
  }
}
