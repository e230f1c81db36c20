import { approval, bearerToken, decline, enrolmentId } from "@powershare/domain/enrolment";
import { CodedError, codeOf } from "@powershare/domain/errors";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { explain } from "../approvals.js";
import { type Operators, sessionSeconds } from "../operators.js";
import type { Registrar } from "../registrar.js";
import { viewOf } from "../view.js";
import { detailPage, enterPage, noEntryPage, queuePage } from "./pages.js";
import { statusOf } from "./status-codes.js";
import { style } from "./style.js";
import { languageOf } from "./words.js";

export interface PageOptions {
  readonly registrar: Registrar;
  readonly operators: Operators;
  readonly origin: string;
  readonly proposals: { readonly node: string; readonly utility: string };
}

// The prefix makes browsers take it from this host only, over TLS, for all paths (RFC 6265bis, 4.1.3.2).
const cookieName = "__Host-session";
const shownDecided = 20;
const byId = z.object({ id: enrolmentId });
const byToken = z.object({ token: bearerToken });
const fields = z.record(z.string(), z.string());

/**
 * The approval page: server-rendered, for a phone, without any script. A one-time link opens a session; each
 * change needs that session and this page's own origin.
 */
export function addPage(app: FastifyInstance, options: PageOptions): void {
  const { registrar, operators, origin, proposals } = options;
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    async (_request: FastifyRequest, body: string) => Object.fromEntries(new URLSearchParams(body)),
  );
  app.addHook("onRequest", async (request, reply) => {
    reply.header("cache-control", "no-store");
    if (request.method !== "POST" || request.headers.origin === origin) return;
    throw new CodedError("enrolment.origin", "only the registrar's own page may do this");
  });
  app.setErrorHandler(async (error, request, reply) => {
    const code = codeOf(error) ?? "enrolment.request";
    const language = languageOf(request.headers["accept-language"]);
    return await send(reply.code(statusOf(code)), noEntryPage(language, explain(error)));
  });
  const view = (id: string) => viewOf(registrar.require(id), registrar.enrolments);

  app.get("/style.css", async (_request, reply) => {
    return await reply.header("cache-control", "max-age=3600").type("text/css").send(style);
  });
  app.get("/", async (request, reply) => {
    operators.bySession(sessionOf(request));
    const list = (states: Parameters<typeof registrar.enrolments.list>[0]) =>
      registrar.enrolments.list(states).map((one) => viewOf(one, registrar.enrolments));
    const decided = list(["approved", "issued", "declined", "expired"])
      .slice(-shownDecided)
      .toReversed();
    const waiting = list(["waiting", "approving"]);
    return await send(reply, queuePage(languageFor(request), { waiting, decided }));
  });
  app.get("/enrolments/:id", async (request, reply) => {
    operators.bySession(sessionOf(request));
    const { id } = byId.parse(request.params);
    return await send(reply, detailPage(languageFor(request), { view: view(id), proposals }));
  });
  /** Does what a form asks for, and shows the enrolment, or with it what it was refused for. */
  const decide = async (
    request: FastifyRequest,
    reply: FastifyReply,
    work: (id: string, operator: string) => unknown,
  ) => {
    const operator = operators.bySession(sessionOf(request));
    const { id } = byId.parse(request.params);
    try {
      await work(id, operator);
    } catch (error) {
      const code = error instanceof z.ZodError ? "enrolment.request" : codeOf(error);
      if (code === undefined) throw error;
      const problem = error instanceof z.ZodError ? z.prettifyError(error) : explain(error);
      const shown = { view: view(id), proposals, problem };
      return await send(reply.code(statusOf(code)), detailPage(languageFor(request), shown));
    }
    return await reply.redirect(`/enrolments/${id}`, 303);
  };
  app.post(
    "/enrolments/:id/approve",
    async (request, reply) =>
      await decide(request, reply, async (id, operator) => {
        const { unknownMaker, withoutHousehold, ...rest } = fields.parse(request.body);
        const ticks = {
          unknownMaker: unknownMaker === "yes",
          withoutHousehold: withoutHousehold === "yes",
        };
        await registrar.approve(id, approval.parse({ ...rest, ...ticks }), operator);
      }),
  );
  app.post(
    "/enrolments/:id/decline",
    async (request, reply) =>
      await decide(request, reply, (id, operator) =>
        registrar.decline(id, decline.parse(request.body).reason, operator),
      ),
  );
  app.get("/enter/:token", async (request, reply) => {
    const { token } = byToken.parse(request.params);
    return await send(reply, enterPage(languageFor(request), token));
  });
  app.post("/enter/:token", async (request, reply) => {
    const { session } = operators.enter(byToken.parse(request.params).token);
    const flags = `Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${sessionSeconds}`;
    return await reply
      .header("set-cookie", `${cookieName}=${session}; ${flags}`)
      .redirect("/", 303);
  });
  app.post("/leave", async (request, reply) => {
    operators.leave(sessionOf(request));
    const gone = `${cookieName}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0`;
    return await reply.header("set-cookie", gone).redirect("/", 303);
  });
}

function languageFor(request: FastifyRequest) {
  return languageOf(request.headers["accept-language"]);
}

/** @throws CodedError enrolment.operator */
function sessionOf({ headers }: FastifyRequest): string {
  const pairs = (headers.cookie ?? "").split(";").map((pair) => pair.trim());
  const found = pairs.find((pair) => pair.startsWith(`${cookieName}=`));
  const session = found?.slice(cookieName.length + 1) ?? "";
  if (bearerToken.safeParse(session).success) return session;
  throw new CodedError("enrolment.operator", "there is no session");
}

async function send(reply: FastifyReply, text: string) {
  return await reply.type("text/html; charset=utf-8").send(text);
}
