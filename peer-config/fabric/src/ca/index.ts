import { z } from "zod";
import { FabricError } from "../errors.js";
import { type CaAddress, type CaIdentity, callCa } from "./client.js";
import { serialAndIssuer } from "./serial.js";

export type { CaAddress, CaIdentity } from "./client.js";
export { createCsr, type Sign } from "./csr.js";
export { toLowS } from "./der.js";

export interface Enrolment {
  readonly certificatePem: string;
  /** The CA's own certificate and those above it. */
  readonly chainPem: string;
}

const base64Pem = z.string().transform((text) => Buffer.from(text, "base64").toString("utf8"));
const enrolmentResult = z.object({ Cert: base64Pem, ServerInfo: z.object({ CAChain: base64Pem }) });

const csrFields = {
  csrPem: z.string(),
  /** `tls` for a TLS certificate; without it an identity. */
  profile: z.literal("tls").optional(),
  /** DNS names and addresses of a TLS certificate. */
  hosts: z.array(z.string()).optional(),
};
const enrolRequest = z.strictObject({ id: z.string(), secret: z.string(), ...csrFields });
const reenrolRequest = z.strictObject(csrFields);
const registration = z.strictObject({
  id: z.string(),
  type: z.enum(["client", "peer", "orderer", "admin"]),
  attributes: z.record(z.string(), z.string()).default({}),
  /** How many certificates may be fetched in all; 1 makes it a one-time secret. */
  maxEnrollments: z.int().min(1).default(1),
  /** The CA draws one unless given. */
  secret: z.string().min(12).max(64).optional(),
});
const modification = registration
  .pick({ id: true, attributes: true, maxEnrollments: true })
  .extend({
    secret: z.string().min(12).max(64),
  });
const revocationReason = z.enum([
  "unspecified",
  "keycompromise",
  "cessationofoperation",
  "superseded",
]);
const revocation = z.strictObject({ id: z.string(), reason: revocationReason });

export type EnrolRequest = z.input<typeof enrolRequest>;
export type ReenrolRequest = z.input<typeof reenrolRequest>;
export type Registration = z.input<typeof registration>;
export type Revocation = z.input<typeof revocation>;
export type Modification = z.input<typeof modification>;
export type RevocationReason = z.infer<typeof revocationReason>;

/**
 * Fetches a certificate for the key in the request, with id and secret.
 * @throws FabricError `fabric.ca-refused` where the secret is wrong or used up, `fabric.ca-unavailable`,
 *   `fabric.ca-request` for a request with a missing, wrong or unknown field
 */
export async function enroll(request: CaAddress & EnrolRequest): Promise<Enrolment> {
  const { ca, rest } = split(request);
  const { id, secret, ...csr } = parse(enrolRequest, rest);
  const result = await callCa(ca, "/api/v1/enroll", csrBody(csr), { basic: { id, secret } });
  return toEnrolment(ca, result);
}

/**
 * Fetches a new certificate with the present one. Fabric CA certifies whatever key the request holds, also
 * one that is not in a TPM: whoever offers this to devices must check the key first.
 * @throws as `enroll`
 */
export async function reenroll(
  request: CaAddress & ReenrolRequest,
  holder: CaIdentity,
): Promise<Enrolment> {
  const { ca, rest } = split(request);
  const body = csrBody(parse(reenrolRequest, rest));
  return toEnrolment(ca, await callCa(ca, "/api/v1/reenroll", body, { token: holder }));
}

/**
 * Registers an identity; all its attributes go into its certificates.
 * @returns the secret to enrol with
 * @throws FabricError `fabric.ca-identity-exists` where the id is taken, else as `enroll`
 */
export async function register(
  request: CaAddress & Registration,
  registrar: CaIdentity,
): Promise<string> {
  const { ca, rest } = split(request);
  const { id, type, attributes, maxEnrollments, secret } = parse(registration, rest);
  const body = {
    id,
    type,
    max_enrollments: maxEnrollments,
    attrs: inCertificates(attributes),
    ...(secret === undefined ? {} : { secret }),
  };
  const result = await callCa(ca, "/api/v1/register", body, { token: registrar });
  return parseAnswer(ca, z.object({ secret: z.string() }), result).secret;
}

/**
 * Gives a registered identity another secret, other attributes for its next certificate, and another number
 * of certificates in all, those fetched before included.
 * @throws as `enroll`
 */
export async function modify(
  request: CaAddress & Modification,
  registrar: CaIdentity,
): Promise<void> {
  const { ca, rest } = split(request);
  const { id, attributes, maxEnrollments, secret } = parse(modification, rest);
  const body = { secret, max_enrollments: maxEnrollments, attrs: inCertificates(attributes) };
  await callCa(ca, identityPath(id), body, { token: registrar }, "PUT");
}

/**
 * Type and attributes of a registered identity.
 * @throws as `enroll`
 */
export async function readIdentity(
  request: CaAddress & { readonly id: string },
  registrar: CaIdentity,
): Promise<{ readonly type: string; readonly attributes: ReadonlyMap<string, string> }> {
  const { ca, rest } = split(request);
  const path = `${identityPath(rest.id)}?ca=${encodeURIComponent(ca.caName)}`;
  const result = await callCa(ca, path, {}, { token: registrar }, "GET");
  const attribute = z.object({ name: z.string(), value: z.string().default("") });
  const schema = z.object({ type: z.string(), attrs: z.array(attribute).nullish() });
  const { type, attrs } = parseAnswer(ca, schema, result);
  return { type, attributes: new Map(attrs?.map(({ name, value }) => [name, value])) };
}

/**
 * Certificates of an identity that are neither revoked nor expired, PEM.
 * @throws as `enroll`
 */
export async function validCertificates(
  request: CaAddress & { readonly id: string },
  registrar: CaIdentity,
): Promise<string[]> {
  const { ca, rest } = split(request);
  const query = `id=${encodeURIComponent(rest.id)}&ca=${encodeURIComponent(ca.caName)}&notrevoked=true&notexpired=true`;
  const path = `/api/v1/certificates?${query}`;
  const result = await callCa(ca, path, {}, { token: registrar }, "GET");
  const schema = z.object({ certs: z.array(z.object({ PEM: z.string() })).nullish() });
  return (parseAnswer(ca, schema, result).certs ?? []).map(({ PEM }) => PEM);
}

/**
 * Revokes one certificate; the identity can have another. As with `revoke`, the channel learns of it by its
 * configuration only.
 * @throws as `enroll`
 */
export async function revokeCertificate(
  request: CaAddress & { readonly certificatePem: string; readonly reason: RevocationReason },
  registrar: CaIdentity,
): Promise<void> {
  const { ca, rest } = split(request);
  const body = { ...serialAndIssuer(rest.certificatePem), reason: rest.reason };
  await callCa(ca, "/api/v1/revoke", body, { token: registrar });
}

/**
 * Revokes an identity with all its certificates, for good. The channel goes on accepting them until the
 * returned list stands in its configuration.
 * @returns the CA's full revocation list, PEM
 * @throws as `enroll`
 */
export async function revoke(
  request: CaAddress & Revocation,
  registrar: CaIdentity,
): Promise<string> {
  const { ca, rest } = split(request);
  const body = { ...parse(revocation, rest), gencrl: true };
  const result = await callCa(ca, "/api/v1/revoke", body, { token: registrar });
  return parseAnswer(ca, z.object({ CRL: base64Pem }), result).CRL;
}

function split<Request extends CaAddress>(request: Request) {
  const { url, tlsCertificatePem, caName, timeoutMs, ...rest } = request;
  const ca: CaAddress = { url, tlsCertificatePem, caName, ...(timeoutMs ? { timeoutMs } : {}) };
  return { ca, rest };
}

/** Only known fields reach the CA: it honours some that would forge attributes. */
function parse<Output>(schema: z.ZodType<Output>, request: unknown): Output {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  throw new FabricError("fabric.ca-request", z.prettifyError(parsed.error));
}

function parseAnswer<Output>(ca: CaAddress, schema: z.ZodType<Output>, result: unknown): Output {
  const parsed = schema.safeParse(result);
  if (parsed.success) return parsed.data;
  throw new FabricError(
    "fabric.ca-unavailable",
    `${ca.caName} at ${ca.url} answered in an unknown form: ${z.prettifyError(parsed.error)}`,
  );
}

function inCertificates(attributes: Readonly<Record<string, string>>) {
  return Object.entries(attributes).map(([name, value]) => ({ name, value, ecert: true }));
}

function identityPath(id: string): string {
  return `/api/v1/identities/${encodeURIComponent(id)}`;
}

function csrBody({ csrPem, profile, hosts }: z.output<typeof reenrolRequest>) {
  return {
    certificate_request: csrPem,
    ...(profile ? { profile } : {}),
    ...(hosts ? { hosts } : {}),
  };
}

function toEnrolment(ca: CaAddress, result: unknown): Enrolment {
  const { Cert, ServerInfo } = parseAnswer(ca, enrolmentResult, result);
  return { certificatePem: Cert, chainPem: ServerInfo.CAChain };
}
