import * as node from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CodedError } from "@powershare/domain/errors";
import { parseEvidenceFile } from "@powershare/domain/evidence";
import { TestHousehold } from "@powershare/domain/testing";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Overview, Part } from "../../ports/overview.js";
import { noEvidence, noStatus, noWiring } from "../../testing/no-evidence.js";
import { silentLog } from "../../testing/sim-household.js";
import type { ArchiveSources } from "./archive-routes.js";
import type { MeterSources } from "./meter-routes.js";
import { httpServer, listen } from "./server.js";

const well: Part = {
  state: "ok",
  since: "2026-06-01T12:00:00.000Z",
  code: null,
  message: null,
  remedy: null,
};
let shown: Overview = {
  at: "2026-06-01T12:00:00.000Z",
  participant: "h1",
  slotSeconds: 900,
  now: null,
  today: {
    importWh: 0,
    exportWh: 0,
    productionWh: null,
    start: "2026-06-01T00:00:00.000Z",
    end: "2026-06-02T00:00:00.000Z",
    zone: "UTC",
    hours: [],
  },
  trades: [],
  wallet: null,
  wiring: noWiring.overview(),
  health: {
    bus: well,
    tpm: well,
    store: { ...well, unsentPackages: 0, oldestUnsentAt: null },
    ledger: { ...well, height: 7, certificateEndsAt: "2027-06-01T00:00:00.000Z" },
    clock: { ...well, quality: "synchronised", keeper: "timesyncd", lastStep: null },
  },
  counts: { readings: 0, rejected: 0, checkpoints: 0, intervals: 0, evidenceCommitted: 0 },
};
const answering = {
  answers: 7,
  timeouts: 1,
  crcErrors: 0,
  exceptions: 0,
  lateAnswers: 1,
  latencyMs: 12.5,
  timeoutMs: 200,
  sinceAnswerMs: null,
};
/** Takes one decision, about one epoch. */
const decided: unknown[] = [];
const meterSources: MeterSources = {
  meters: () => ({ pending: [], rejected: [] }),
  decide: {
    decide: (...decision) => {
      if (decision[0] !== "eastron/sdm630:1.2") throw new CodedError("meter.epoch-unknown", "none");
      decided.push(decision);
    },
  },
};
const household = new TestHousehold(node, { participant: "h1" });
const meter = household.meters[0]?.id ?? "";
const packages = [household.evidence(meter, [{ importWh: 5, exportWh: 0 }])];
const pageDir = mkdtempSync(join(tmpdir(), "powershare-page-"));
let copies = 0;
let copying: Promise<void> = Promise.resolve();
const archive: ArchiveSources = {
  folder: pageDir,
  store: {
    usedBytes: () => 1000,
    backup: async (path) => {
      copies += 1;
      await copying;
      writeFileSync(path, "SQLite format 3");
    },
  },
  csv: async function* (name, fromMs, toMs) {
    yield `${name}\r\n`;
    yield `${fromMs},${toMs}\r\n`;
  },
};
let app: FastifyInstance;
let port: number;

beforeAll(async () => {
  writeFileSync(join(pageDir, "index.html"), "<p>page</p>");
  const store = { packages: (_from: number, toMs: number) => (toMs > 0 ? packages : []) };
  const device = household.registration();
  app = await httpServer({
    ...meterSources,
    wiring: noWiring,
    bus: () => ({ meters: [{ place: "line1/1", ...answering }] }),
    status: () => noStatus,
    evidence: noEvidence,
    overview: () => shown,
    store,
    device,
    archive,
    pageDir,
    log: silentLog,
  });
  port = await listen(app, "127.0.0.1", 0);
});
afterAll(async () => {
  await app.close();
  rmSync(pageDir, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

function ask(
  path: string,
  { method = "GET", host = `localhost:${port}`, origin = "" } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { host, ...(origin === "" ? {} : { origin }) };
    const asked = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => {
        body += chunk.toString();
        // A stream never ends by itself.
        if (path === "/api/stream") response.destroy();
      });
      response.on("close", () =>
        resolve({ status: response.statusCode ?? 0, headers: { ...response.headers }, body }),
      );
    });
    asked.on("error", reject);
    asked.end();
  });
}

describe("what is served", () => {
  it("says how each meter answers", async () => {
    const { status, body } = await ask("/api/bus");
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ meters: [{ place: "line1/1", ...answering }] });
  });

  it("is the overview", async () => {
    const { status, headers, body } = await ask("/api/overview");
    expect(status).toBe(200);
    expect(headers["cache-control"]).toBe("no-store");
    expect(JSON.parse(body)).toEqual(shown);
  });

  it("is the same as an event of the stream", async () => {
    const { headers, body } = await ask("/api/stream");
    expect(headers["content-type"]).toBe("text/event-stream");
    const [event = "", data = ""] = body.split("\n");
    expect(event).toBe("event: overview");
    expect(JSON.parse(data.slice("data: ".length))).toEqual(shown);
  });

  it("is the page, and its answer to strangers' scripts is no", async () => {
    const { body, headers } = await ask("/");
    expect(body).toContain("page");
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(headers["content-security-policy"]).not.toContain("unsafe");
  });

  it("is a description of the API", async () => {
    const { body } = await ask("/api/openapi.json");
    const { paths } = z
      .object({ paths: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(body));
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        "/api/overview",
        "/api/stream",
        "/api/evidence",
        "/healthz",
        "/readyz",
      ]),
    );
  });

  it("is the household's proof, in the form that is checked offline", async () => {
    const { status, body } = await ask(
      "/api/evidence?from=2026-06-01T00:00:00Z&to=2026-06-02T00:00:00Z",
    );
    expect(status).toBe(200);
    expect(parseEvidenceFile(JSON.parse(body)).packages).toEqual(packages);
  });

  it.each([
    ["/api/evidence", 400],
    ["/api/evidence?from=yesterday&to=today", 400],
    ["/api/evidence?from=1960-01-01T00:00:00Z&to=1960-01-02T00:00:00Z", 404],
    ["/../../etc/passwd", 403],
    ["/%2e%2e/%2e%2e/etc/passwd", 403],
    ["/api/nothing", 404],
  ])("does not choke on %s", async (path, expected) => {
    expect((await ask(path)).status).toBe(expected);
  });

  it("says when it is not ready", async () => {
    expect((await ask("/healthz")).status).toBe(200);
    expect((await ask("/readyz")).status).toBe(200);
    const before = shown;
    shown = { ...shown, health: { ...shown.health, bus: { ...well, state: "failed" } } };
    expect((await ask("/readyz")).status).toBe(503);
    shown = before;
  });
});

describe("who is answered", () => {
  it("is anyone on this machine who names it", async () => {
    for (const name of ["localhost", "127.0.0.1", "[::1]"]) {
      expect((await ask("/api/overview", { host: `${name}:${port}` })).status).toBe(200);
    }
  });

  // A page elsewhere whose name was made to resolve to 127.0.0.1, and what a parser could be tricked with.
  const names = [
    "evil.example",
    `evil.example:0`,
    "localhost",
    "localhost:1",
    "localhost.evil.example",
    "localhost:8080@evil.example",
    "127.0.0.1.nip.io",
    "LOCALHOST.",
    "0.0.0.0",
    "2130706433",
    "127.1",
  ];
  it.each(
    names.flatMap((name) => [name, `${name}:{port}`]).filter((name) => name !== "localhost:{port}"),
  )("is not who calls us '%s'", async (name) => {
    const { status, body } = await ask("/api/overview", {
      host: name.replace("{port}", `${port}`),
    });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).not.toContain("participant");
  });

  it("gives no other origin leave to read", async () => {
    const { headers } = await ask("/api/overview", { origin: "https://evil.example" });
    expect(headers["access-control-allow-origin"]).toBeUndefined();
    expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
  });

  it.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])(
    "is not who wants to %s",
    async (method) => {
      expect((await ask("/api/overview", { method })).status).toBe(405);
    },
  );

  describe("with a decision", () => {
    const decision = { meter: "eastron/sdm630:1.2", decision: "confirm", importWh: 4, exportWh: 0 };
    const post = (headers: Record<string, string>, body: object = decision): Promise<number> =>
      new Promise((resolve, reject) => {
        const path = "/api/meters/decision";
        const type = { "content-type": "application/json" };
        const asked = request(
          { host: "127.0.0.1", port, path, method: "POST", headers: { ...type, ...headers } },
          (response) => {
            response.resume();
            response.on("end", () => resolve(response.statusCode ?? 0));
          },
        );
        asked.on("error", reject);
        asked.end(JSON.stringify(body));
      });
    const own = () => ({ host: `localhost:${port}`, origin: `http://localhost:${port}` });
    const others = [
      "http://evil.example",
      "null",
      "http://localhost",
      "http://localhost:1",
      "https://localhost:{port}",
      "http://127.0.0.1:{port}",
      "http://localhost:{port}.evil.example",
      "http://evil.example:{port}",
      "file://",
      "",
    ];

    it("is this agent's own page", async () => {
      decided.length = 0;
      expect(await post(own())).toBe(204);
      expect(decided).toEqual([["eastron/sdm630:1.2", "confirm", { importWh: 4, exportWh: 0 }]]);
    });

    it.each(others)("is not a page from '%s'", async (name) => {
      decided.length = 0;
      const { host } = own();
      expect(await post({ host, origin: name.replace("{port}", `${port}`) })).toBe(403);
      expect(await post({ host: "evil.example", origin: "http://evil.example" })).toBe(421);
      expect(decided).toEqual([]);
    });

    it("is nobody who says nothing of an origin, or sends a form", async () => {
      decided.length = 0;
      const { host, origin } = own();
      expect(await post({ host })).toBe(403);
      expect(await post({ host, origin, "content-type": "text/plain" })).toBe(400);
      expect(decided).toEqual([]);
    });

    it.each([
      [409, { ...decision, meter: "eastron/sdm630:1.3" }],
      [400, { ...decision, decision: "maybe" }],
      [400, { ...decision, importWh: 0.5 }],
      [400, { ...decision, more: 1 }],
      [413, { ...decision, meter: "m".repeat(2_000) }],
    ])("is told %i about what cannot be decided", async (status, body) => {
      expect(await post(own(), body)).toBe(status);
    });
  });

  it("are at most sixteen listeners at a time", async () => {
    const listeners = Array.from({ length: 20 }, () =>
      fetch(`http://127.0.0.1:${port}/api/stream`).then((response) => {
        const { status } = response;
        return { status, close: async () => await response.body?.cancel() };
      }),
    );
    const answers = await Promise.all(listeners);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(16);
    expect(answers.filter(({ status }) => status === 503)).toHaveLength(4);
    await Promise.all(answers.map(({ close }) => close()));
  });
});

it("makes one copy of the store at a time, also where several are asked for at once", async () => {
  let refused = 0;
  let open = () => {};
  copying = new Promise((resolve) => {
    open = resolve;
  });
  copies = 0;
  const headers = { "powershare-command": "test" };
  const asked = Array.from({ length: 4 }, async () => {
    const response = await fetch(`http://localhost:${port}/api/backup`, { headers });
    await response.arrayBuffer();
    if (response.status === 503) refused += 1;
    if (refused === 3) open();
    return response.status;
  });
  expect((await Promise.all(asked)).toSorted((a, b) => a - b)).toEqual([200, 503, 503, 503]);
  expect(copies).toBe(1);
});
