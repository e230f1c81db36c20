import helmet from "@fastify/helmet";
import swagger from "@fastify/swagger";
import { largestBodyBytes } from "@powershare/domain/enrolment";
import { CodedError, codeOf } from "@powershare/domain/errors";
import Fastify from "fastify";
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import type { Limits } from "../config.js";
import { RateLimit } from "../rate-limit.js";
import type { Api, App } from "./api.js";
import { addDeviceRoutes } from "./device-routes.js";
import { addMeterRoutes } from "./meter-routes.js";
import { addOperatorRoutes, type OperatorRoutes } from "./operator-routes.js";
import { addPage, type PageOptions } from "./page.js";
import { statusOf } from "./status-codes.js";

/** What is written of each call: never an address line, a header or a body. */
export interface CallLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ServerOptions extends OperatorRoutes, PageOptions {
  readonly tls: { readonly key: string; readonly cert: string };
  readonly limits: Limits;
  readonly log: CallLog;
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number;
}

/** The registrar over HTTPS: devices' calls, operators' calls, and the approval page. */
export async function registrarServer(options: ServerOptions): Promise<App> {
  const { limits, monotonicMs, origin, tls } = options;
  const app: App = Fastify({
    https: { ...tls, minVersion: "TLSv1.2" },
    bodyLimit: largestBodyBytes,
    requestTimeout: 10_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 5_000,
    routerOptions: { maxParamLength: 100 },
    forceCloseConnections: true,
    logger: false,
  });
  app.server.maxConnections = 256;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const calls = new RateLimit(limits.callsPerMinute, monotonicMs);
  const requests = new RateLimit(limits.requestsPerMinute, monotonicMs);
  const requestsInAll = new RateLimit(limits.requestsPerMinuteInAll, monotonicMs);
  const { host } = new URL(origin);
  app.addHook("onRequest", async (request) => {
    calls.take(request.ip);
    // Another name for this address would let another page speak to us.
    if (request.headers.host !== host) {
      throw new CodedError("enrolment.origin", `this is ${host}, asked for was another host`);
    }
  });
  writeLog(app, options.log);
  await app.register(helmet, helmetOptions);
  await app.register(swagger, {
    openapi: { info: { title: "PowerShare registrar", version: "0.1.0" } },
    transform: jsonSchemaTransform,
  });
  const api: Api = app.withTypeProvider<ZodTypeProvider>();
  addDeviceRoutes(api, {
    registrar: options.registrar,
    countRequest: (address) => {
      requests.take(address);
      requestsInAll.take("all");
    },
  });
  addOperatorRoutes(api, options);
  addMeterRoutes(api, options);
  api.get("/api/openapi.json", { schema: { hide: true } }, async () => app.swagger());
  api.get("/healthz", { schema: { hide: true } }, async () => ({ ok: true }));
  await app.register(async (scope) => addPage(scope, options));
  return app;
}

function writeLog(app: App, log: CallLog): void {
  app.addHook("onResponse", async (request, reply) => {
    // The route's pattern, not the address: that holds ids and one-time links.
    const { method, routeOptions } = request;
    const ms = Math.round(reply.elapsedTime);
    log.info({ method, route: routeOptions.url ?? "none", status: reply.statusCode, ms }, "call");
  });
  app.setErrorHandler<Error & { statusCode?: number }>(async (error, _request, reply) => {
    const code = codeOf(error);
    if (code !== undefined) {
      if (code === "enrolment.ca") log.error({ code }, error.message);
      return await reply.code(statusOf(code)).send({ code, error: error.message });
    }
    if (hasZodFastifySchemaValidationErrors(error)) {
      const [first] = error.validation;
      const text = `${first?.instancePath ?? ""}: ${first?.message ?? "invalid"}`.slice(0, 300);
      return await reply.code(400).send({ code: "enrolment.request", error: text });
    }
    const status = error.statusCode ?? 500;
    if (status < 500) {
      return await reply.code(status).send({ code: "enrolment.request", error: error.message });
    }
    log.error({ err: error }, "call failed");
    return await reply.code(500).send({ code: "enrolment.ca", error: "the registrar failed" });
  });
}

const helmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  // With no-referrer, browsers would leave out the origin of the page's own forms.
  referrerPolicy: { policy: "same-origin" as const },
};
