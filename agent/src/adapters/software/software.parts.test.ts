import * as node from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cryptoFrom, parseKeyPublic, verifySoftwareQuote } from "@powershare/domain/evidence";
import { openIdentity, openSwtpm, provisionIdentity, Tpm } from "node-tpm2";
import { type RunningSwtpm, startSwtpm } from "node-tpm2/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quoteSoftware } from "../../app/quote-software.js";
import type { EventDraft } from "../../app/reading-log.js";
import { Health } from "../../app/watch-health.js";
import { SimClock } from "../../testing/sim-clock.js";
import { tpmSigner } from "../tpm/signer.js";
import { installedSoftware } from "./installed.js";
import { measurementFile } from "./measurement-file.js";

const crypto = cryptoFrom(node);
const own = fileURLToPath(import.meta.url);
const zeros = "0".repeat(64);
let folder: string;
let swtpm: RunningSwtpm;
let attestationSpki: Uint8Array;
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "powershare-software-"));
  swtpm = await startSwtpm({ stateDir: file("state"), socketPath: file("tpm.sock") });
  const tpm = await Tpm.open(openSwtpm({ path: swtpm.socketPath }));
  const blobs = await provisionIdentity(tpm);
  const identity = await openIdentity(tpm, blobs);
  attestationSpki = parseKeyPublic(identity.attestationPublic, crypto.sha256).spki;
  await identity.close();
  await tpm.close();
  writeFileSync(file("identity.json"), JSON.stringify(blobs), { mode: 0o600 });
  writeFileSync(file("agent.yaml"), "participant: h1\n");
});
afterAll(async () => {
  await swtpm.stop();
  rmSync(folder, { recursive: true });
});

/** One start of the agent, as far as its software is concerned. @returns what it recorded */
async function start(): Promise<EventDraft[]> {
  const events: EventDraft[] = [];
  const signer = tpmSigner({ swtpm: swtpm.socketPath }, file("identity.json"));
  const clock = new SimClock("2026-06-01T12:00:00.000Z");
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const loop = quoteSoftware({
    measurer: signer,
    measurements: measurementFile(file("measured.json")),
    readings: { record: (draft) => events.push(draft) > 0 },
    software: () => installedSoftware("0.1.0", own, file("agent.yaml")),
    clock,
    random: () => 0.5,
    health: new Health(clock, log),
  });
  await expect.poll(() => events.length, { timeout: 20_000 }).toBeGreaterThan(0);
  await loop.stop();
  await signer.close();
  return events;
}

function proven(draft: EventDraft | undefined) {
  if (draft === undefined) throw new Error("nothing was quoted");
  const event = { v: 1, kind: "event", sequence: 1, ...draft } as const;
  return verifySoftwareQuote(event, attestationSpki, crypto);
}

describe("the agent's software in a TPM", () => {
  it("is measured once, quoted at each start, and again after a reset; a change is declared", async () => {
    const first = proven((await start()).at(-1));
    expect(first.details).toMatchObject({ version: `0.1.0 ${process.version}`, pcrBefore: zeros });

    expect(proven((await start()).at(-1)).pcr).toBe(first.pcr);

    writeFileSync(file("agent.yaml"), "participant: h2\n");
    const [changed, quoted] = await start();
    expect(changed?.event).toBe("software-changed");
    const second = proven(quoted);
    expect(second.details).toMatchObject({ pcrBefore: first.pcr, bundle: first.details.bundle });
    expect(second.details.configuration).not.toBe(first.details.configuration);

    await swtpm.powerCut();
    expect(proven((await start()).at(-1)).details.pcrBefore).toBe(zeros);
  });
});
