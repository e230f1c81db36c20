import type { IncomingMessage, ServerResponse } from "node:http";
import { certifiedBy, type EvidenceFile, evidenceFile } from "@powershare/domain/evidence";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { type Overview, overview } from "../../ports/overview.js";
import type { PageStore } from "../../ports/store.js";
import type { OverviewStream } from "./stream.js";

const mostPackages = 1_000;
const problem = z.strictObject({ error: z.string() });
const readiness = z.strictObject({ ready: z.boolean(), bus: z.string(), store: z.string() });

/** What is shown. */
export interface Sources {
  readonly overview: () => Overview;
  readonly store: Pick<PageStore, "packages">;
  /** The device's part of its registration; undefined if it is not at hand. */
  readonly device: EvidenceFile["device"] | undefined;
}

export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export function addRoutes(
  api: Api,
  { overview: present, store, device }: Sources,
  stream: OverviewStream,
): void {
  const schema = { summary: "All that the household page shows", response: { 200: overview } };
  api.get("/api/overview", { schema }, async (_request, reply) => {
    return await reply.header("cache-control", "no-store").send(present());
  });

  api.get(
    "/api/stream",
    {
      schema: {
        summary: "Server-sent events: `overview` with the same JSON on change",
        response: { 503: problem },
      },
    },
    (_request, reply) => {
      if (stream.full) {
        void reply.code(503).header("retry-after", "10").send({ error: "too many listeners" });
        return;
      }
      reply.header("content-type", "text/event-stream").header("cache-control", "no-store");
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value);
      }
      reply.hijack();
      reply.raw.flushHeaders();
      stream.add(reply.raw);
    },
  );

  api.get(
    "/api/evidence",
    {
      schema: {
        summary:
          "Signed packages with an interval between two instants, to be taken away and checked elsewhere",
        querystring: z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime() }),
        response: { 200: evidenceFile, 400: problem, 404: problem },
      },
    },
    async (request, reply) => {
      const { from, to } = request.query;
      const packages = store.packages(Date.parse(from), Date.parse(to), mostPackages + 1);
      if (packages.length > mostPackages) {
        return await reply
          .code(400)
          .send({ error: `more than ${mostPackages} packages: ask for a shorter time` });
      }
      const own = device === undefined ? [] : packages.filter(certifiedBy(device));
      if (device === undefined || own.length === 0) {
        return await reply.code(404).send({ error: "no evidence of that time" });
      }
      return await reply
        .header("content-disposition", 'attachment; filename="evidence.json"')
        .send({ format: "powershare-evidence", v: 1, device, packages: own });
    },
  );

  api.get("/api/openapi.json", { schema: { hide: true } }, async () => api.swagger());
  api.get(
    "/healthz",
    {
      schema: {
        summary: "The process runs",
        response: { 200: z.strictObject({ ok: z.literal(true) }) },
      },
    },
    async () => ({ ok: true as const }),
  );
  api.get(
    "/readyz",
    {
      schema: {
        summary: "Meters are read and readings are stored",
        response: { 200: readiness, 503: readiness },
      },
    },
    async (_request, reply) => {
      const { bus, store } = present().health;
      const ready =
        bus.state !== "starting" &&
        bus.state !== "failed" &&
        store.state !== "starting" &&
        store.state !== "failed";
      return await reply
        .code(ready ? 200 : 503)
        .send({ ready, bus: bus.state, store: store.state });
    },
  );
}
