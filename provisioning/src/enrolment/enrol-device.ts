import { setTimeout as delay } from "node:timers/promises";
import type { EnrolmentStatus, EnrolmentTicket, NetworkAccess } from "@powershare/domain/enrolment";
import { CodedError, codeOf } from "@powershare/domain/errors";
import {
  type RegistrarClient,
  renewCertificate,
  requireOwnKey,
} from "@powershare/registrar-client";
import { answerCredential, type Declared, makeRequest, type OpenDevice } from "./device.js";
import { type DeviceFiles, isOver } from "./device-files.js";

export interface EnrolOptions {
  readonly device: OpenDevice;
  readonly client: RegistrarClient;
  readonly files: DeviceFiles;
  readonly declared: Declared;
  /** Told code and id when the operator can be asked; after an interruption again. */
  readonly onWaiting: (ticket: Pick<EnrolmentTicket, "code" | "id">) => void | Promise<void>;
  /** How long the operator is waited for. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

export interface Enrolled {
  readonly participant: string;
  readonly network: NetworkAccess;
}

const firstPauseMs = 250;
const longestPauseMs = 5000;
const dayMs = 86_400_000;

/**
 * Enrols a device through the registrar: asks, waits for the operator, proves by its TPM who it is, and keeps the
 * certificate. Interrupted, it goes on where it was.
 * @throws CodedError enrolment.declined, enrolment.expired, enrolment.not-approved after `waitMs`;
 *   what the registrar refuses, enrolment.unavailable; TpmError
 */
export async function enrolDevice(options: EnrolOptions): Promise<Enrolled> {
  const { client, device, files } = options;
  const before = await files.membership();
  if (before !== undefined && (await files.certificate(device.identity.readingSpki))) return before;
  try {
    const ticket = await ticketOf(options);
    const { credential, network, participant } = await decision(options, ticket);
    if (credential === undefined || network === undefined || participant === undefined) {
      throw new CodedError("enrolment.unavailable", "the registrar's answer lacks the credential");
    }
    const answer = await answerCredential(device, credential, participant);
    const { certificatePem } = await client.certificate(ticket, answer);
    await keepCertificate(options, certificatePem);
    await files.keepMembership(participant, network);
    await files.forgetPending();
    return { participant, network };
  } catch (error) {
    if (isOver(error)) await files.forgetPending();
    throw error;
  }
}

/** The ticket of an earlier run where the registrar still knows it, or a new one. */
async function ticketOf({
  client,
  declared,
  device,
  files,
  onWaiting,
}: EnrolOptions): Promise<EnrolmentTicket> {
  const before = await files.pending();
  if (before?.id !== undefined && before.token !== undefined) {
    const ticket = { code: before.code, id: before.id, token: before.token };
    await onWaiting(ticket);
    return ticket;
  }
  const { request, code } = await makeRequest(device, declared);
  const ticket = await client.submit(request);
  if (ticket.code !== code) {
    throw new CodedError(
      "enrolment.response",
      `the registrar shows ${ticket.code}, this device ${code}`,
    );
  }
  await files.keepPending(code, ticket);
  await onWaiting(ticket);
  return ticket;
}

async function decision(
  { client, waitMs, signal }: EnrolOptions,
  ticket: EnrolmentTicket,
): Promise<EnrolmentStatus> {
  const giveUpAt = performance.now() + waitMs;
  let pauseMs = firstPauseMs;
  for (;;) {
    const status = await client.status(ticket).catch((error: unknown) => {
      // The registrar may come back; what was asked is kept on both sides.
      const passing =
        codeOf(error) === "enrolment.unavailable" || codeOf(error) === "enrolment.limit";
      if (!passing || performance.now() > giveUpAt) throw error;
      return undefined;
    });
    if (status?.state === "approved" || status?.state === "issued") return status;
    if (status?.state === "declined" || status?.state === "expired") {
      throw new CodedError(`enrolment.${status.state}`, status.reason ?? status.state);
    }
    if (performance.now() > giveUpAt) {
      throw new CodedError("enrolment.not-approved", `${ticket.code} was not approved in time`);
    }
    await delay(pauseMs * (0.75 + Math.random() / 2), undefined, signal && { signal });
    pauseMs = Math.min(longestPauseMs, pauseMs * 1.3);
  }
}

/** @throws CodedError enrolment.response where it is for another key */
export async function keepCertificate(
  { device, files }: Pick<EnrolOptions, "device" | "files">,
  certificatePem: string,
): Promise<void> {
  requireOwnKey(certificatePem, device.identity.readingSpki);
  await files.keepCertificate(certificatePem);
}

/**
 * Renews the certificate where it has no more than `withinDays` left.
 * @returns whether it was renewed
 * @throws CodedError enrolment.renewal where there is nothing to renew; as `enrolDevice`
 */
export async function renewDevice(
  options: Pick<EnrolOptions, "device" | "client" | "files"> & { readonly withinDays: number },
): Promise<boolean> {
  const { client, device, files, withinDays } = options;
  const certificate = await files.certificate(device.identity.readingSpki);
  const membership = await files.membership();
  if (certificate === undefined || membership === undefined) {
    throw new CodedError(
      "enrolment.renewal",
      `${files.folder} holds no certificate of this device`,
    );
  }
  const leftMs = Date.parse(certificate.validTo) - Date.now();
  if (leftMs > withinDays * dayMs) return false;
  const { identity } = device;
  const { participant } = membership;
  await files.keepCertificate(
    await renewCertificate({ identity, client, participant, current: certificate }),
  );
  return true;
}
