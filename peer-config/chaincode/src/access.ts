import { X509Certificate } from "node:crypto";
import { CodedError } from "@powershare/domain/errors";
import {
  mspOfRole,
  type Participant,
  participant as participantSchema,
  type Role,
  role as roleSchema,
  type Settings,
} from "@powershare/domain/ledger";
import type { ClientIdentity } from "fabric-shim";
import { keys } from "./keys.js";
import type { State } from "./state.js";

/** Who asks, as the certificate says. */
export interface Caller {
  readonly role: Role;
  readonly microgrid: string;
  /** Absent for operator and community, who act for the microgrid. */
  readonly participant: string | undefined;
  readonly device: string | undefined;
  /** SPKI of the certificate's key, base64. */
  readonly spki: () => string;
}

const actsForAll: ReadonlySet<Role> = new Set(["operator", "community"]);

/**
 * Reads the caller from the certificate. Holders can leave out attributes when they enrol, and write what
 * they like into the subject: so a missing attribute is a refusal, and the organisation is taken from
 * the MSP alone.
 * @throws CodedError access.attribute, access.organisation
 */
export function callerOf(identity: ClientIdentity): Caller {
  const attribute = (name: string): string => {
    const value = identity.getAttributeValue(name);
    if (value === null || value === "") {
      throw new CodedError("access.attribute", `the certificate has no attribute \`${name}\``);
    }
    return value;
  };
  const role = roleSchema.safeParse(attribute("role"));
  if (!role.success) {
    throw new CodedError("access.attribute", `there is no role \`${attribute("role")}\``);
  }
  const mspId = identity.getMSPID();
  if (mspOfRole[role.data] !== mspId) {
    throw new CodedError(
      "access.organisation",
      `role ${role.data} is certified by ${mspOfRole[role.data]}, not by ${mspId}`,
    );
  }
  return {
    role: role.data,
    microgrid: attribute("microgrid"),
    participant: actsForAll.has(role.data) ? undefined : attribute("participant"),
    device: role.data === "resident" ? attribute("device") : undefined,
    spki: () =>
      new X509Certificate(Buffer.from(identity.getIDBytes())).publicKey
        .export({ type: "spki", format: "der" })
        .toString("base64"),
  };
}

/** @throws CodedError access.role, access.microgrid */
export function requireRole(caller: Caller, roles: readonly Role[]): void {
  if (!roles.includes(caller.role)) {
    throw new CodedError("access.role", `role ${caller.role} is none of ${roles.join(", ")}`);
  }
}

/** @throws CodedError access.microgrid */
export function requireMicrogrid(caller: Caller, { microgrid }: Settings): void {
  if (caller.microgrid !== microgrid) {
    throw new CodedError(
      "access.microgrid",
      `the certificate is for microgrid ${caller.microgrid}, this is ${microgrid}`,
    );
  }
}

/**
 * The caller's registration, checked: active, of the role's kind, and for a resident the very device and
 * key. Undefined for who acts for the microgrid.
 * @throws CodedError access.unregistered, access.suspended, access.device, access.key
 */
export async function registrationOf(
  caller: Caller,
  state: State,
): Promise<Participant | undefined> {
  const id = caller.participant;
  if (id === undefined) return undefined;
  const registered = await state.get(keys.participant(id), participantSchema);
  if (registered === undefined || registered.kind !== caller.role) {
    throw new CodedError("access.unregistered", `${id} is not registered as ${caller.role}`);
  }
  if (registered.status !== "active")
    throw new CodedError("access.suspended", `${id} is suspended`);
  if (registered.kind === "resident") {
    if (caller.device !== registered.device) {
      throw new CodedError("access.device", `the certificate of ${id} names another device`);
    }
    if (caller.spki() !== registered.readingSpki) {
      throw new CodedError("access.key", `the certificate of ${id} holds another key`);
    }
  }
  return registered;
}
