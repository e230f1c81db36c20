import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentApi } from "./agent-api.js";
import { runChecks } from "./run-checks.js";
import { agentChecks } from "./running-agent.js";

const nowMs = Date.parse("2026-06-01T12:00:00Z");
const ago = (seconds: number): string => new Date(nowMs - seconds * 1000).toISOString();
const well = { state: "ok", code: null, message: null, remedy: null };
const failed = (code: string) => ({
  state: "failed",
  code,
  message: "it broke",
  remedy: "mend it",
});
const overview = {
  at: ago(0),
  participant: "h1",
  slotSeconds: 900,
  trades: [],
  wallet: null,
  health: {
    bus: well,
    tpm: well,
    store: { ...well, unsentPackages: 0, oldestUnsentAt: null },
    ledger: { ...well, height: 7 },
    clock: { ...well, quality: "synchronised", keeper: "chrony" },
  },
  counts: { readings: 9, rejected: 0, checkpoints: 3, intervals: 2, evidenceCommitted: 2 },
};
const meter = {
  place: "line1/1",
  role: "connection",
  profile: "eastron/sdm630",
  meter: "eastron/sdm630:1",
  at: ago(1),
  ageMs: 1_000,
  silent: false,
  activePowerW: 3_600,
  importWh: 1,
  exportWh: 0,
};
const status = { meters: [meter], epochs: [], sealedAt: ago(5) };
const registers = { at: ago(60), importWh: 1, exportWh: 0 };
const epoch = {
  meter: "eastron/sdm630:1.2",
  follows: "eastron/sdm630:1",
  place: "line1/1",
  role: "connection",
  reason: "registers",
  closing: registers,
  opening: registers,
  now: null,
};
const rejection = { meter: "m", code: "meter.no-value", meaning: "nothing", to: ago(60), count: 3 };
const meters = { pending: [] as object[], rejected: [] as object[] };
const asIs = { overview, status, meters };

let answers: Readonly<Record<string, unknown>> = asIs;
let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = answers[request.url?.replace("/api/", "") ?? ""];
    response.statusCode = answer === undefined ? 503 : 200;
    response.end(JSON.stringify(answer ?? { error: "no store", code: "store.failed" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => server.close());

async function red(): Promise<string[]> {
  const { port } = server.address() as AddressInfo;
  const api = new AgentApi(`http://127.0.0.1:${port}`);
  const checks = agentChecks({ api, slotSeconds: 900, checkpointSeconds: 60, nowMs: () => nowMs });
  const lines = await runChecks(checks);
  expect(lines.every(({ ok, remedy }) => ok || Boolean(remedy))).toBe(true);
  return lines.filter(({ ok }) => !ok).map(({ id, code }) => `${id} ${code}`);
}

const { health } = overview;
const waiting = { ...health.store, unsentPackages: 4, oldestUnsentAt: ago(4_000) };

describe("what the running agent knows", () => {
  it.each([
    { name: "nothing wrong", change: {}, finds: [] },
    {
      name: "a TPM that went away",
      change: { overview: { ...overview, health: { ...health, tpm: failed("tpm.unavailable") } } },
      finds: ["tpm tpm.unavailable"],
    },
    {
      name: "a damaged store",
      change: {
        overview: {
          ...overview,
          health: {
            ...health,
            store: { ...waiting, ...failed("store.corrupt"), oldestUnsentAt: null },
          },
        },
      },
      finds: ["store store.corrupt"],
    },
    {
      name: "a refusal that this version does not know",
      change: {
        overview: {
          ...overview,
          health: { ...health, ledger: { ...failed("market.new"), height: 7 } },
        },
      },
      finds: ["ledger undefined"],
    },
    {
      name: "evidence that nobody takes",
      change: { overview: { ...overview, health: { ...health, store: waiting } } },
      finds: ["outbox ledger.unavailable"],
    },
    {
      name: "a silent meter",
      change: { status: { ...status, meters: [{ ...meter, silent: true }] } },
      finds: ["meters bus.timeout"],
    },
    {
      name: "a meter that never spoke",
      change: {
        status: {
          ...status,
          meters: [meter, { ...meter, place: "line1/2", ageMs: null, at: null }],
        },
      },
      finds: ["meters bus.timeout"],
    },
    {
      name: "old evidence",
      change: { status: { ...status, sealedAt: ago(181) } },
      finds: ["evidence device.evidence-old"],
    },
    {
      name: "no evidence",
      change: { status: { ...status, sealedAt: null } },
      finds: ["evidence device.evidence-old"],
    },
    {
      name: "refused readings",
      change: { meters: { pending: [], rejected: [rejection] } },
      finds: ["rejected meter.no-value"],
    },
    {
      name: "refusals of last week",
      change: { meters: { pending: [], rejected: [{ ...rejection, to: ago(90_000) }] } },
      finds: [],
    },
    {
      name: "an open question",
      change: { meters: { pending: [epoch], rejected: [] } },
      finds: ["epochs meter.replacement-suspected"],
    },
    {
      name: "a store that cannot be read",
      change: { meters: undefined },
      finds: ["rejected store.failed", "epochs store.failed"],
    },
  ])("$name: $finds", async ({ change, finds }) => {
    answers = { ...asIs, ...change };
    expect(await red()).toEqual(finds);
  });

  it("is another version's where its answers have another form", async () => {
    answers = { ...asIs, status: { meters: "none" } };
    expect(await red()).toEqual(["meters device.unlooked", "evidence device.unlooked"]);
  });
});
