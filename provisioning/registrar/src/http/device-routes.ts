import {
  certificateAnswer,
  certificateRequest,
  challengeAnswer,
  challengeRequest,
  enrolmentId,
  enrolmentRequest,
  enrolmentStatus,
  enrolmentTicket,
  refusal,
  renewalRequest,
} from "@powershare/domain/enrolment";
import { z } from "zod";
import type { Registrar } from "../registrar.js";
import type { Api } from "./api.js";
import { bearerOf } from "./bearer.js";

const byId = z.strictObject({ id: enrolmentId });
const refusals = { "4xx": refusal, "5xx": refusal };

export interface DeviceRoutes {
  readonly registrar: Registrar;
  /** Counts a new request of this address. @throws CodedError enrolment.limit */
  readonly countRequest: (address: string) => void;
}

/** What devices call. Nothing is told without the enrolment's own token. */
export function addDeviceRoutes(api: Api, { registrar, countRequest }: DeviceRoutes): void {
  api.post(
    "/api/enrolments",
    {
      schema: {
        summary: "A device asks to be enrolled",
        body: enrolmentRequest,
        response: { 201: enrolmentTicket, ...refusals },
      },
      preValidation: async (request) => countRequest(request.ip),
    },
    async (request, reply) => await reply.code(201).send(await registrar.submit(request.body)),
  );
  api.get(
    "/api/enrolments/:id",
    {
      schema: {
        summary: "How far an enrolment has come (bearer token of the enrolment)",
        params: byId,
        response: { 200: enrolmentStatus, ...refusals },
      },
    },
    async (request) => {
      const token = bearerOf(request, "enrolment.token");
      return registrar.statusOf(registrar.authorised(request.params.id, token));
    },
  );
  api.post(
    "/api/enrolments/:id/certificate",
    {
      schema: {
        summary: "The certificate, for the credential's secret (bearer token of the enrolment)",
        params: byId,
        body: certificateRequest,
        response: { 200: certificateAnswer, ...refusals },
      },
    },
    async (request) => {
      const { id } = registrar.authorised(request.params.id, bearerOf(request, "enrolment.token"));
      return await registrar.certify(id, request.body);
    },
  );
  api.post(
    "/api/renewals/challenge",
    {
      schema: {
        summary: "A number used once, for a renewal",
        body: challengeRequest,
        response: { 200: challengeAnswer, ...refusals },
      },
      preValidation: async (request) => countRequest(request.ip),
    },
    async (request) => registrar.challenge(request.body.device),
  );
  api.post(
    "/api/renewals",
    {
      schema: {
        summary: "A new certificate for the key that the TPM certifies anew",
        body: renewalRequest,
        response: { 200: certificateAnswer, ...refusals },
      },
    },
    async (request) => await registrar.renew(request.body),
  );
}
