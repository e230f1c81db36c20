import { afterAll, beforeAll, expect, test } from "vitest";
import { describeOutage, runOutage } from "./outage.js";
import {
  startTestNeighbourhood,
  type TestNeighbourhood,
  testSettings,
} from "./testing/shared-neighbourhood.js";

let parts: TestNeighbourhood;
beforeAll(async () => {
  parts = await startTestNeighbourhood("outage", [1, 2]);
});
afterAll(() => parts.stop());

test("no peer for a while and an agent killed: nothing is lost, nothing comes twice", async () => {
  await parts.watch.settledTrades(1);
  const said: string[] = [];
  const verdict = await runOutage({
    ...parts,
    downMs: 3 * testSettings.slotSeconds * 1000,
    say: (message) => said.push(message),
  });
  expect(verdict.faults).toEqual([]);
  expect(verdict.ok).toBe(true);
  expect(verdict.killed).toBe("outage1");
  expect(verdict.peersDownSeconds).toBeGreaterThanOrEqual(3 * testSettings.slotSeconds);
  expect(describeOutage(verdict)).toContain("each exactly once");
  expect(said.join("\n")).toContain("SIGKILL");
});

test("trading goes on afterwards, and the sums still hold", async () => {
  const settled = parts.watch.totals.settledTrades;
  await parts.watch.settledTrades(settled + 1);
  const audit = await parts.neighbourhood.desk.client.read("wallets:Audit", {});
  expect(audit).toMatchObject({ coinsNano: "0", energyWh: "0", cashMicro: { EUR: "0" } });
});
