import { Readable } from "node:stream";
import { evidenceFile } from "@powershare/domain/evidence";
import { z } from "zod";
import type { Api } from "./routes.js";

const problem = z.strictObject({ error: z.string() });
const period = z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime() });
type File = z.input<typeof evidenceFile>;

export interface EvidenceSources {
  /** The device's part of its registration; undefined if it is not at hand. */
  readonly device: File["device"] | undefined;
  /** What `powershare evidence export` and `prove` take away. */
  readonly evidence: {
    proof(sequence: number): File | undefined;
    log(fromMs: number, toMs: number): File | undefined;
    ocmf(fromMs: number, toMs: number): AsyncIterable<string>;
  };
}

/** Evidence for others: large, or work for the TPM, so only for a command on this machine; see `addArchiveRoutes`. */
export function addEvidenceRoutes(api: Api, { evidence, device }: EvidenceSources): void {
  let signing = false;

  api.get(
    "/api/evidence/device",
    {
      schema: {
        summary:
          "The device's part of an evidence file: its public keys, and what vouches for them",
        response: { 200: evidenceFile.shape.device, 404: problem },
      },
    },
    async (_request, reply) =>
      device === undefined
        ? await reply.code(404).send({ error: "the device's registration is not at hand" })
        : await reply.send(device),
  );

  api.get(
    "/api/evidence/proof/:sequence",
    {
      schema: {
        summary: "A file that proves one reading or event; for `powershare evidence prove`",
        params: z.strictObject({ sequence: z.coerce.number().int().min(1) }),
        response: { 200: evidenceFile, 404: problem },
      },
    },
    async (request, reply) => {
      const { sequence } = request.params;
      const file = evidence.proof(sequence);
      if (file !== undefined) return await reply.header("cache-control", "no-store").send(file);
      const error = `number ${sequence} is not under a checkpoint yet, or no longer kept`;
      return await reply.code(404).send({ error });
    },
  );

  api.get(
    "/api/evidence/log",
    {
      schema: {
        summary:
          "Packages with all readings and events sealed in a time; for `powershare evidence export`",
        querystring: period,
        response: { 200: evidenceFile, 400: problem, 404: problem },
      },
    },
    async (request, reply) => {
      const { from, to } = request.query;
      const file = evidence.log(Date.parse(from), Date.parse(to));
      if (file === undefined)
        return await reply.code(400).send({ error: "too many readings: ask for a shorter time" });
      if (file.packages.length === 0 && (file.checkpoints ?? []).length === 0)
        return await reply.code(404).send({ error: "no evidence of that time" });
      return await reply.header("cache-control", "no-store").send(file);
    },
  );

  api.get(
    "/api/evidence/records.ocmf",
    {
      schema: {
        summary:
          "OCMF records, one a line, signed while they are sent; for `powershare evidence export`",
        querystring: period,
      },
    },
    async (request, reply) => {
      if (signing)
        return await reply
          .code(503)
          .send({ error: "the TPM signs another export; try again later" });
      signing = true;
      const { from, to } = request.query;
      const records = Readable.from(evidence.ocmf(Date.parse(from), Date.parse(to)));
      records.once("close", () => {
        signing = false;
      });
      return await reply
        .header("content-type", "text/plain; charset=utf-8")
        .header("cache-control", "no-store")
        .send(records);
    },
  );
}
