import { setTimeout as sleep } from "node:timers/promises";
import { listProfiles } from "@powershare/firmware-profiles";
import { makersSettings } from "../scan/line-settings.js";
import { quickProbingS, scan } from "../scan/scan.js";
import { ScanLine, type TestMeter } from "./scan-line.js";

// A process for the bench: a scan of units 1 to 16 over a line with meters of three makers, each
// at its own setting. Prints how long it took, in JSON.
const meters: readonly TestMeter[] = [
  { unit: 1, profile: "eastron/sdm630", values: { serialNumber: "12345678" } },
  { unit: 2, profile: "abb/b23", values: { serialNumber: "87654321" } },
  { unit: 9, profile: "eastron/sdm230", values: { serialNumber: "11112222" } },
];
const profiles = listProfiles();
const settings = makersSettings(profiles);
const found: string[] = [];

const line = await ScanLine.open(meters);
const startedMs = performance.now();
await scan({
  profiles,
  settings,
  units: Array.from({ length: 16 }, (_, index) => index + 1),
  open: line.openReader,
  probingS: quickProbingS,
  stop: new AbortController().signal,
  onMeter: async ({ unit, candidates }) => {
    const right = meters.find((meter) => meter.unit === unit)?.profile;
    if (candidates.some(({ profile }) => profile.id === right)) found.push(`${unit}`);
  },
  onAgain: () => {},
  onProgress: () => {},
  sleep: (delayMs) => sleep(delayMs),
  now: () => performance.now(),
});
const seconds = Number(((performance.now() - startedMs) / 1000).toFixed(1));
await line.close();
const result = {
  seconds,
  units: "1 to 16",
  settings: settings.length,
  meters: meters.length,
  found: found.length,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
