import {
  approval,
  certificateAnswer,
  certificateRequest,
  decline,
  enrolmentId,
  enrolmentState,
  enrolmentStatus,
  enrolmentView,
  pageLink,
  refusal,
  revocation,
} from "@powershare/domain/enrolment";
import { participantId } from "@powershare/domain/ledger";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Operators } from "../operators.js";
import type { Registrar } from "../registrar.js";
import { viewOf } from "../view.js";
import type { Api } from "./api.js";
import { bearerOf } from "./bearer.js";

const byId = z.strictObject({ id: enrolmentId });
const refusals = { "4xx": refusal, "5xx": refusal };

export interface OperatorRoutes {
  readonly registrar: Registrar;
  readonly operators: Operators;
  /** Where the page is, e.g. `https://registrar.example.org`. */
  readonly origin: string;
}

type OperatorOf = (request: FastifyRequest) => string;

/** What operators call, each with a token of his own. */
export function addOperatorRoutes(api: Api, options: OperatorRoutes): void {
  const { registrar, operators } = options;
  const operatorOf: OperatorOf = (request) =>
    operators.byToken(bearerOf(request, "enrolment.operator"));
  const view = (id: string) => viewOf(registrar.require(id), registrar.enrolments);
  addOthers(api, options, operatorOf);

  api.get(
    "/api/operator/enrolments",
    {
      schema: {
        summary: "Enrolments in the order in which they came, at most 1000",
        querystring: z.strictObject({ state: enrolmentState.optional() }),
        response: { 200: z.array(enrolmentView), ...refusals },
      },
    },
    async (request) => {
      operatorOf(request);
      const { state } = request.query;
      const states =
        state === undefined
          ? (["waiting", "approving", "approved", "issued", "declined", "expired"] as const)
          : state === "waiting"
            ? (["waiting", "approving"] as const)
            : [state];
      return registrar.enrolments.list(states).map((one) => viewOf(one, registrar.enrolments));
    },
  );
  api.get(
    "/api/operator/enrolments/:id",
    {
      schema: {
        summary: "One enrolment",
        params: byId,
        response: { 200: enrolmentView, ...refusals },
      },
    },
    async (request) => {
      operatorOf(request);
      return view(request.params.id);
    },
  );
  api.get(
    "/api/operator/enrolments/:id/status",
    {
      schema: {
        summary: "What the device is told, for those who reach the registrar by files only",
        params: byId,
        response: { 200: enrolmentStatus, ...refusals },
      },
    },
    async (request) => {
      operatorOf(request);
      return registrar.statusOf(registrar.require(request.params.id));
    },
  );
  api.post(
    "/api/operator/enrolments/:id/approve",
    {
      schema: {
        summary: "Approves, with the code that the device shows",
        params: byId,
        body: approval,
        response: { 200: enrolmentView, ...refusals },
      },
    },
    async (request) => {
      const { id } = request.params;
      await registrar.approve(id, request.body, operatorOf(request));
      return view(id);
    },
  );
  api.post(
    "/api/operator/enrolments/:id/decline",
    {
      schema: {
        summary: "Declines",
        params: byId,
        body: decline,
        response: { 200: enrolmentView, ...refusals },
      },
    },
    async (request) => {
      registrar.decline(request.params.id, request.body.reason, operatorOf(request));
      return view(request.params.id);
    },
  );
  api.post(
    "/api/operator/enrolments/:id/certificate",
    {
      schema: {
        summary:
          "The certificate for a request that came as a file; checked as if the device had called",
        params: byId,
        body: certificateRequest,
        response: { 200: certificateAnswer, ...refusals },
      },
    },
    async (request) => {
      operatorOf(request);
      return await registrar.certify(request.params.id, request.body);
    },
  );
}

function addOthers(
  api: Api,
  { registrar, operators, origin }: OperatorRoutes,
  operatorOf: OperatorOf,
): void {
  api.post(
    "/api/operator/participants/:participant/revoke",
    {
      schema: {
        summary: "Suspends a participant on the ledger and revokes its certificates",
        params: z.strictObject({ participant: participantId }),
        body: revocation,
        response: { 200: z.object({ participant: participantId }), ...refusals },
      },
    },
    async (request) => {
      const { participant } = request.params;
      await registrar.revoke(participant, request.body.reason, operatorOf(request));
      return { participant };
    },
  );
  api.post(
    "/api/operator/links",
    {
      schema: {
        summary: "A link that opens the page once",
        response: { 200: pageLink, ...refusals },
      },
    },
    async (request) => {
      const { token, expiresAt } = operators.newLink(operatorOf(request));
      return { url: `${origin}/enter/${token}`, expiresAt: expiresAt.toISOString() };
    },
  );
}
