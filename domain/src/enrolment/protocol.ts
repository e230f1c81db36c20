import { z } from "zod";
import { bytesHex, instantMs, p1363Hex, participantId, sha256Hex } from "../ledger/primitives.js";
import { declaredEquipment, registeredMeter, statusReason } from "../ledger/records.js";
import { placeNotes } from "./request.js";

/** Bodies and answers between device, operator and registrar; the routes are in the registrar's OpenAPI. */

/** No request or answer is longer. */
export const largestBodyBytes = 64 * 1024;

export const enrolmentId = z.string().regex(/^[0-9a-f]{32}$/, "an enrolment id");
/** 32 random bytes, base64url. */
export const bearerToken = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "a token");
export const enrolmentCodeText = z.string().regex(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
const pem = z.string().max(16_384);

/** Answer to a request: `token` authorises this device's further calls, `code` is for people. */
export const enrolmentTicket = z.object({
  id: enrolmentId,
  token: bearerToken,
  code: enrolmentCodeText,
});
export type EnrolmentTicket = z.infer<typeof enrolmentTicket>;

export const enrolmentState = z.enum(["waiting", "approved", "declined", "issued", "expired"]);
export type EnrolmentState = z.infer<typeof enrolmentState>;

/** TPM2_MakeCredential's output, hex: only the TPM and attestation key of the request give out its secret. */
export const credential = z.strictObject({
  blob: bytesHex.max(512),
  encryptedSeed: bytesHex.max(1024),
});

/** Where the device finds its ledger. */
export const networkAccess = z.strictObject({
  endpoint: z.string(),
  tlsHostname: z.string(),
  tlsRootCertificatePem: pem,
  mspId: z.string(),
  channel: z.string(),
  chaincode: z.string(),
});
export type NetworkAccess = z.infer<typeof networkAccess>;

export const enrolmentStatus = z.object({
  state: enrolmentState,
  reason: z.string().optional(),
  credential: credential.optional(),
  participant: participantId.optional(),
  network: networkAccess.optional(),
});
export type EnrolmentStatus = z.infer<typeof enrolmentStatus>;

export const certificateRequest = z.strictObject({ secret: z.string().max(64), csrPem: pem });
export type CertificateRequest = z.infer<typeof certificateRequest>;
export const certificateAnswer = z.object({ certificatePem: pem, chainPem: pem });
export type CertificateAnswer = z.infer<typeof certificateAnswer>;

export const challengeRequest = z.strictObject({ device: sha256Hex });
export const challengeAnswer = z.object({ challenge: sha256Hex, expiresAt: instantMs });
/** The attestation key certifies the reading key anew, with the challenge as qualifying data. */
export const renewalRequest = z.strictObject({
  v: z.literal(1),
  device: sha256Hex,
  challenge: sha256Hex,
  certification: z.strictObject({ attest: bytesHex.max(1024), signature: p1363Hex }),
  csrPem: pem,
});
export type RenewalRequest = z.infer<typeof renewalRequest>;

/** What is known of the chip's maker. */
export const makerVerdict = z.object({
  trusted: z.boolean(),
  /** Subject of the maker's root where trusted; else what is wrong. */
  text: z.string(),
});

/** An enrolment as the operator sees it. */
export const enrolmentView = z.object({
  id: enrolmentId,
  code: enrolmentCodeText,
  /** `approving`: the operator has said yes; CA or ledger are still to follow. */
  state: z.enum([...enrolmentState.options, "approving"]),
  device: sha256Hex,
  maker: makerVerdict,
  meters: z.array(registeredMeter),
  equipment: declaredEquipment.optional(),
  place: placeNotes.optional(),
  replaces: participantId.optional(),
  createdAt: instantMs,
  expiresAt: instantMs,
  participant: participantId.optional(),
  decidedBy: z.string().optional(),
  reason: z.string().optional(),
  /** Another request for the same endorsement key is waiting: somebody else may pretend to be this device. */
  contested: z.boolean(),
});
export type EnrolmentView = z.infer<typeof enrolmentView>;

export const approval = z.strictObject({
  /** As the device shows it; compared with the registrar's own. */
  code: z.string().max(20),
  participant: participantId,
  node: z.string().min(1).max(40).default("root"),
  utility: participantId,
  source: z.enum(["green", "storage", "other"]).default("other"),
  /** Takes a chip whose maker is unknown, where the registrar's policy leaves that to the operator. */
  unknownMaker: z.boolean().default(false),
  /** Replacement where the old key is lost: the operator asks on the ledger, and the utility has to confirm. */
  withoutHousehold: z.boolean().default(false),
});
export type Approval = z.infer<typeof approval>;
export const decline = z.strictObject({ reason: z.string().min(1).max(200) });
export const revocation = z.strictObject({ reason: statusReason });
export type Revocation = z.infer<typeof revocation>;
export const pageLink = z.object({ url: z.string(), expiresAt: instantMs });

/** Files that travel where device and registrar cannot reach each other. */
export const responseFile = z.discriminatedUnion("kind", [
  z.strictObject({
    v: z.literal(1),
    kind: z.literal("credential"),
    id: enrolmentId,
    code: enrolmentCodeText,
    device: sha256Hex,
    participant: participantId,
    credential,
    network: networkAccess,
  }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal("certificate"),
    device: sha256Hex,
    ...certificateAnswer.shape,
  }),
]);
export type ResponseFile = z.infer<typeof responseFile>;
export const certificateRequestFile = z.strictObject({
  v: z.literal(1),
  id: enrolmentId,
  device: sha256Hex,
  ...certificateRequest.shape,
});

/** Any refusal over HTTP. */
export const refusal = z.object({ code: z.string(), error: z.string() });
