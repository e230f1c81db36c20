import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { AgentOverview } from "./agent-api.js";
import { Child } from "./child.js";
import type { Household } from "./household.js";
import { checkBooks } from "./outage.js";
import { startTestNeighbourhood, type TestNeighbourhood } from "./testing/shared-neighbourhood.js";

const agentProgram = fileURLToPath(new URL("../../agent/dist/main.js", import.meta.url));
let parts: TestNeighbourhood;
let household: Household;
beforeAll(async () => {
  parts = await startTestNeighbourhood("bad", [2]);
  const [only] = parts.neighbourhood.households;
  if (only === undefined) throw new Error("no household");
  household = only;
  await healthy();
});
afterEach(async () => {
  await parts.neighbourhood.meters.disturb(household.spec.id);
  await parts.neighbourhood.meters.plugIn(household.spec.id);
});
afterAll(() => parts.stop());

type PartName = keyof AgentOverview["health"];

function healthy(): Promise<AgentOverview> {
  return household.agent.waitForOverview(
    "all parts in order",
    ({ counts, health }) =>
      counts.readings > 0 && Object.values(health).every(({ state }) => state === "ok"),
    90_000,
  );
}

/** Waits until a part reports trouble, and expects code, message and remedy. */
async function trouble(name: PartName, code: RegExp): Promise<AgentOverview> {
  const overview = await household.agent.waitForOverview(
    `trouble of ${name}`,
    ({ health }) => code.test(health[name].code ?? ""),
    60_000,
  );
  const part = overview.health[name];
  expect(part.state).toMatch(/degraded|failed/);
  expect(part.message).toBeTruthy();
  expect(part.remedy).toBeTruthy();
  return overview;
}

/** The agent goes on reading although a part is in trouble. */
async function readsOn({ counts }: AgentOverview, readings = 3): Promise<AgentOverview> {
  return await household.agent.waitForOverview(
    "more readings",
    (overview) => overview.counts.readings >= counts.readings + readings,
    60_000,
  );
}

describe("a meter that misbehaves", () => {
  test.for(["silent", "late", "garbled", "truncated", "other-unit"] as const)(
    "%s: the page says so, nothing wrong is booked, and the agent recovers by itself",
    async (kind) => {
      const { meters } = parts.neighbourhood;
      await meters.disturb(household.spec.id, { seed: kind, kinds: [kind], share: 1 });
      const { now } = await trouble("bus", /^bus\./);
      expect(now === null || Number.isFinite(now.gridPowerW)).toBe(true);
      await meters.disturb(household.spec.id);
      await healthy();
    },
  );

  test("one answer in ten is spoilt at random: readings go on", async () => {
    const before = await healthy();
    const { meters } = parts.neighbourhood;
    await meters.disturb(household.spec.id, {
      seed: "mixed",
      kinds: ["garbled", "stale", "other-unit"],
      share: 0.1,
    });
    await readsOn(before, 10);
  });

  test("its port vanishes and comes back", async () => {
    await healthy();
    const { meters } = parts.neighbourhood;
    await meters.unplug(household.spec.id);
    await trouble("bus", /^bus\.port-/);
    await meters.plugIn(household.spec.id);
    await readsOn(await healthy());
  });
});

describe("parts that are absent at the agent's start", () => {
  test("no TPM: it reads on, and signs when the TPM is there", async () => {
    await household.agent.stop();
    await household.stopTpm();
    await household.agent.start();
    const without = await readsOn(await trouble("tpm", /^tpm\./));
    await household.startTpm();
    const { counts } = await household.agent.waitForOverview(
      "a checkpoint",
      (overview) => overview.counts.checkpoints > without.counts.checkpoints,
      60_000,
    );
    expect(counts.readings).toBeGreaterThan(without.counts.readings);
    await healthy();
  });

  test("no peer: it reads, signs and keeps its evidence until there is one", async () => {
    await household.agent.stop();
    await parts.network.stopPeers();
    await household.agent.start();
    try {
      const without = await readsOn(await trouble("ledger", /^ledger\./));
      await household.agent.waitForOverview(
        "evidence that waits",
        ({ counts, health }) =>
          counts.checkpoints > without.counts.checkpoints && health.store.unsentPackages > 0,
        60_000,
      );
    } finally {
      await parts.network.startPeers();
    }
    await household.agent.waitForOverview(
      "an empty outbox",
      ({ health }) => health.store.unsentPackages === 0 && health.ledger.state === "ok",
      90_000,
    );
  });
});

test("after all this the ledger has every interval once, and the registers agree with the meter", async () => {
  await healthy();
  const books = await checkBooks(parts);
  expect(books.faults).toEqual([]);
  expect(books.intervals).toBeGreaterThan(5);
});

describe("a configuration with a mistake", () => {
  test.for([
    ["an unknown key", (text: string) => `${text}colour: green\n`, "colour"],
    [
      "a wrong type",
      (text: string) => text.replace("seconds: 10", "seconds: ten"),
      "slots.seconds",
    ],
    ["no port", (text: string) => text.replace(/ {4}serial: .*\n/, ""), "serial"],
    ["no YAML", () => "{ participant: [", "YAML"],
  ] as const)("%s: the agent ends at once and says where", async ([name, spoil, where]) => {
    const text = readFileSync(join(household.directory, "agent.yaml"), "utf8");
    const spoilt = spoil(text);
    expect(spoilt).not.toBe(text);
    const config = join(household.directory, "spoilt.yaml");
    const logFile = join(household.directory, `${name.replaceAll(" ", "-")}.log`);
    writeFileSync(config, spoilt);
    const agent = await Child.start({
      name: "agent",
      command: process.execPath,
      args: [agentProgram, "--config", config],
      logFile,
    });
    expect(await agent.ended).toBe(2);
    const log = readFileSync(logFile, "utf8");
    expect(log).toContain("config.invalid");
    expect(log).toContain(where);
    expect(log).toContain("remedy");
  });
});
