import type { Software } from "@powershare/domain/evidence";
import { verifySoftwareQuote } from "@powershare/domain/evidence";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Measurement } from "../ports/measurer.js";
import { seeded } from "../testing/seeded.js";
import { SimClock } from "../testing/sim-clock.js";
import { SimSigner } from "../testing/sim-signer.js";
import type { Loop } from "./loop.js";
import { quoteSoftware } from "./quote-software.js";
import type { EventDraft } from "./reading-log.js";
import { Health } from "./watch-health.js";

const day = 86_400_000;
const log = { debug() {}, info() {}, warn() {}, error() {} };
const first: Software = { version: "1", bundle: "ab".repeat(32), configuration: "cd".repeat(32) };
const update: Software = { version: "2", bundle: "ef".repeat(32), configuration: "cd".repeat(32) };

let clock: SimClock;
let signer: SimSigner;
let health: Health;
let kept: Measurement | undefined;
let installed: Software;
let events: EventDraft[];
let loop: Loop | undefined;
beforeEach(() => {
  clock = new SimClock("2026-06-01T12:00:00.000Z");
  signer = new SimSigner("h1");
  health = new Health(clock, log);
  kept = undefined;
  installed = first;
  events = [];
});

/** Starts the agent, or starts it again, and lets it run for a while. */
async function start(forMs = 60_000): Promise<void> {
  await loop?.stop();
  loop = quoteSoftware({
    measurer: signer,
    measurements: {
      last: () => kept,
      keep: (measurement) => {
        kept = measurement;
      },
    },
    readings: { record: (draft) => events.push(draft) > 0 },
    software: async () => installed,
    clock,
    random: seeded(1),
    health,
  });
  await clock.advance(forMs);
}

/** What the newest quote says, as a verifier reads it. */
function newest() {
  const draft = events.at(-1);
  if (draft === undefined) throw new Error("nothing was quoted");
  const event = { v: 1, kind: "event", sequence: 1, ...draft } as const;
  return verifySoftwareQuote(event, signer.keys.attestation.spki, signer.keys.crypto);
}
const names = () => events.map(({ event }) => event);

describe("the agent's software", () => {
  it("is measured at start and quoted, so that a verifier can check it", async () => {
    await start();
    expect(names()).toEqual(["software-quoted"]);
    expect(newest().details).toMatchObject({ ...first, pcrBefore: "0".repeat(64) });
    expect(health.part("tpm").state).toBe("ok");
  });

  it("is quoted once a day, and measured no second time", async () => {
    await start(2 * day + 60_000);
    expect(names()).toEqual(["software-quoted", "software-quoted", "software-quoted"]);
    expect(signer.measurements).toBe(1);
    expect(newest().details.pcrBefore).toBe("0".repeat(64));
  });

  it.each([
    ["the agent's restart", () => {}],
    ["the loss of what it remembered", () => (kept = undefined)],
  ])("is measured no second time after %s", async (_, happens) => {
    await start();
    happens();
    await start();
    expect(signer.measurements).toBe(1);
    expect(newest().details.pcrBefore).toBe("0".repeat(64));
  });

  it("is measured again after a reset of the TPM", async () => {
    await start();
    signer.reset();
    await start();
    expect(signer.measurements).toBe(2);
    expect(newest().details.pcrBefore).toBe("0".repeat(64));
  });

  it("is measured once where a crash came between the note and the measurement", async () => {
    const killed = vi.spyOn(signer, "measure").mockRejectedValue(new Error("killed"));
    await start(1000);
    killed.mockRestore();
    await start();
    expect(signer.measurements).toBe(1);
    expect(newest().details.pcrBefore).toBe("0".repeat(64));
  });

  it("when it is another, is declared with both digests and measured on top", async () => {
    await start();
    const before = newest().pcr;
    installed = update;
    await start();
    expect(names().slice(1)).toEqual(["software-changed", "software-quoted"]);
    expect(events[1]?.details).toEqual({
      fromBundle: first.bundle,
      toBundle: update.bundle,
      fromConfiguration: first.configuration,
      toConfiguration: update.configuration,
    });
    expect(newest().details).toMatchObject({ ...update, pcrBefore: before });
    await start();
    expect(signer.measurements).toBe(2);
  });

  it("is quoted when the TPM is back", async () => {
    signer.fault = "tpm.unavailable";
    await start();
    expect(events).toEqual([]);
    expect(health.part("tpm").state).toBe("degraded");
    signer.fault = "none";
    await clock.advance(1_200_000);
    expect(names()).toEqual(["software-quoted"]);
    expect(health.part("tpm").state).toBe("ok");
  });
});
