import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import helmet from "@fastify/helmet";
import fastifyStatic from "@fastify/static";
import swagger from "@fastify/swagger";
import Fastify, { type FastifyInstance } from "fastify";
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import type { Log } from "../../ports/log.js";
import { type ArchiveSources, addArchiveRoutes } from "./archive-routes.js";
import { addBusRoutes, type BusSources } from "./bus-routes.js";
import { addEvidenceRoutes, type EvidenceSources } from "./evidence-routes.js";
import { addMeterRoutes, decisionPath, type MeterSources } from "./meter-routes.js";
import { addRoutes, type Sources } from "./routes.js";
import { addStatusRoutes, type StatusSources } from "./status-routes.js";
import { OverviewStream } from "./stream.js";
import { addWiringRoutes, signTestPath, type WiringSources } from "./wiring-routes.js";

export interface HttpOptions
  extends Sources,
    MeterSources,
    BusSources,
    StatusSources,
    WiringSources,
    EvidenceSources {
  /** Folder of the built page; without it only the API is served. */
  readonly pageDir: string;
  readonly archive: ArchiveSources;
  readonly log: Log;
}

/**
 * The household's page and API, for this machine only; read only but for the decision on a meter's new
 * epoch and the start of a sign test. There is no login, so it answers only requests that name this machine as their host (a page
 * elsewhere whose name is made to resolve to us is refused), gives no other origin leave to read, and
 * takes a decision from its own page only.
 */
export async function httpServer(options: HttpOptions): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: 1024,
    requestTimeout: 10_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 5_000,
    routerOptions: { maxParamLength: 100 },
    forceCloseConnections: true,
    logger: false,
  });
  app.server.maxConnections = 64;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook("onRequest", async (request, reply) => {
    if (!isOurs(request.headers.host, request.socket.localPort)) {
      return await reply.code(421).send({ error: "this host name is not served here" });
    }
    if (request.method === "GET" || request.method === "HEAD") return undefined;
    if (request.method !== "POST" || !writable.has(request.url)) {
      return await reply.code(405).header("allow", "GET, HEAD").send({ error: "read only" });
    }
    // A page from elsewhere can make a browser post here, but not in our name.
    if (request.headers.origin !== `http://${request.headers.host}`) {
      return await reply.code(403).send({ error: "only this agent's own page may decide" });
    }
    return undefined;
  });
  await app.register(helmet, helmetOptions);
  await app.register(swagger, {
    openapi: { info: { title: "PowerShare agent", version: "0.1.0" } },
    transform: jsonSchemaTransform,
  });
  const stream = new OverviewStream(options.overview);
  app.addHook("preClose", async () => stream.close());
  app.setErrorHandler<Error & { statusCode?: number }>(async (error, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) options.log.error({ err: error }, "request failed");
    return await reply.code(status).send({ error: status >= 500 ? "failed" : error.message });
  });
  await app.register(async (api) => {
    addRoutes(api.withTypeProvider<ZodTypeProvider>(), options, stream);
    addMeterRoutes(api.withTypeProvider<ZodTypeProvider>(), options);
    addBusRoutes(api.withTypeProvider<ZodTypeProvider>(), options);
    addStatusRoutes(api.withTypeProvider<ZodTypeProvider>(), options);
    addWiringRoutes(api.withTypeProvider<ZodTypeProvider>(), options);
  });
  await app.register(async (api) => {
    addArchiveRoutes(api.withTypeProvider<ZodTypeProvider>(), options.archive);
    addEvidenceRoutes(api.withTypeProvider<ZodTypeProvider>(), options);
  });
  if (existsSync(options.pageDir)) await app.register(fastifyStatic, { root: options.pageDir });
  return app;
}

/** Listens on a loopback address. @returns the port */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  await app.listen({ host, port });
  const address = app.server.address() as AddressInfo;
  return address.port;
}

const writable: ReadonlySet<string> = new Set([decisionPath, signTestPath]);
const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

/** Whether the Host header names this machine and the port that was connected to. */
function isOurs(host: string | undefined, port: number | undefined): boolean {
  return loopbackNames.some((name) => host === `${name}:${port}` || (port === 80 && host === name));
}

const helmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      manifestSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // Plain HTTP on loopback.
  strictTransportSecurity: false,
};
