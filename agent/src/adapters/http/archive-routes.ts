import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { codeOf, remedyFor } from "@powershare/domain/errors";
import { z } from "zod";
import type { Api } from "./routes.js";

/** Whoever asks for a copy or an export names himself in this header: a page elsewhere cannot make a browser send it. */
export const askedBy = "powershare-command";

const longestLookMs = 600_000;

export interface ArchiveSources {
  /** Where copies are made before they are sent. */
  readonly folder: string;
  readonly store: {
    usedBytes(): number;
    /** Writes a consistent copy to a new file. */
    backup(path: string): Promise<void>;
  };
  /** CSV, in pieces. */
  readonly csv: (
    name: "readings" | "intervals",
    fromMs: number,
    toMs: number,
  ) => AsyncIterable<string>;
}

/** A copy of the store, and its content as CSV: large, so one at a time, and only for a command on this machine. */
export function addArchiveRoutes(api: Api, { folder, store, csv }: ArchiveSources): void {
  let busy = false;
  const refuse = (code: "store.in-use" | "store.full", error: string) => ({
    error,
    code,
    remedy: remedyFor(code),
  });

  api.addHook("preHandler", async (request, reply) => {
    if (request.headers[askedBy] === undefined) {
      return await reply.code(403).send({ error: `only with the header ${askedBy}` });
    }
    return undefined;
  });

  api.get(
    "/api/backup",
    {
      schema: {
        summary: "A consistent copy of the store, an SQLite file; for `powershare backup`",
      },
    },
    async (_request, reply) => {
      if (busy) return await reply.code(503).send(refuse("store.in-use", "a backup is being made"));
      // Before anything is awaited: the next to ask is told at once.
      busy = true;
      const copy = join(folder, `backup-${randomUUID()}.tmp`);
      const over = async (): Promise<void> => {
        busy = false;
        await rm(copy, { force: true });
      };
      try {
        const { bavail, bsize } = await statfs(folder);
        if (bavail * bsize < store.usedBytes() * 1.1) {
          await over();
          const text = "the copy needs the size of the store once more on its disk";
          return await reply.code(507).send(refuse("store.full", text));
        }
        await store.backup(copy);
        const { size } = await stat(copy);
        const stream = createReadStream(copy);
        // Also where whoever asked went away.
        void finished(stream).then(over, over);
        return await reply
          .header("content-type", "application/vnd.sqlite3")
          .header("content-length", size)
          .header("cache-control", "no-store")
          .send(stream);
      } catch (error) {
        await over();
        const code = codeOf(error) ?? "store.failed";
        const message = error instanceof Error ? error.message : String(error);
        return await reply.code(503).send({ error: message, code, remedy: remedyFor(code) });
      }
    },
  );

  api.get(
    "/api/export/:name.csv",
    {
      schema: {
        summary: "Raw readings or intervals as CSV; for `powershare export`",
        params: z.strictObject({ name: z.enum(["readings", "intervals"]) }),
        querystring: z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime() }),
      },
    },
    async (request, reply) => {
      const { from, to } = request.query;
      // Nothing is sent while years of readings are passed over.
      request.raw.socket.setTimeout(longestLookMs);
      const lines = csv(request.params.name, Date.parse(from), Date.parse(to));
      return await reply
        .header("content-type", "text/csv; charset=utf-8; header=present")
        .header("cache-control", "no-store")
        .send(Readable.from(lines));
    },
  );
}
