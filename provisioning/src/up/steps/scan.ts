import { readdir, realpath } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { CodedError } from "@powershare/domain/errors";
import { isAmbiguous } from "../../scan/identify.js";
import { type Line, lineName, openLine } from "../../scan/line.js";
import { makersSettings } from "../../scan/line-settings.js";
import { damagedText, progressText } from "../../scan/report.js";
import { type FoundMeter, placeOf, quickProbingS, scan } from "../../scan/scan.js";
import { resultSchemas, type ScannedMeter } from "../results.js";
import type { Step, Tools } from "../step.js";

const units = Array.from({ length: 16 }, (_, index) => index + 1);
/** Devices that speak Modbus TCP themselves listen to 1, or to these. */
const tcpUnits = [255, 0];

/** Finds the meters on all lines, or on those that were named. */
export const scanStep: Step<"scan"> = {
  id: "scan",
  title: "Find the meters",
  inputs: (_done, { places }) => ({ lines: places.lines }),
  result: resultSchemas.scan,
  run: async (_done, tools) => {
    const lines = tools.options.places.lines ?? (await serialPorts());
    if (lines.length === 0) {
      throw new CodedError("up.no-line", "this machine has no serial port of an adapter");
    }
    const meters: ScannedMeter[] = [];
    const failures: unknown[] = [];
    for (const line of lines) {
      try {
        meters.push(...(await scanLine(line, tools)));
      } catch (error) {
        // The other lines are to be looked at all the same.
        failures.push(error);
        tools.screen.text(
          `${lineName(line)}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      tools.signal.throwIfAborted();
    }
    if (meters.length === 0 && failures.length > 0) throw failures[0];
    if (meters.length === 0) {
      const names = lines.map(lineName).join(", ");
      throw new CodedError("up.no-meter", `no meter that PowerShare knows answers on ${names}`);
    }
    return { meters };
  },
  summary: ({ meters }) => {
    const lines = new Set(meters.map(({ line }) => lineName(line)));
    return `${meters.length} found on ${[...lines].join(", ")}`;
  },
};

/** Adapters by their names that stay, each once; else the kernel's names. */
export async function serialPorts(dev = "/dev"): Promise<Line[]> {
  const stable = `${dev}/serial/by-id`;
  const named = (await namesIn(stable)).map((name) => `${stable}/${name}`);
  const known = new Set(await Promise.all(named.map((path) => realpath(path).catch(() => path))));
  const others = (await namesIn(dev))
    .filter((name) => /^tty(USB|ACM|AMA|XRUSB)\d+$/.test(name))
    .map((name) => `${dev}/${name}`)
    .filter((path) => !known.has(path));
  return [...named, ...others].map((serial) => ({ serial }));
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = await readdir(folder).catch(() => []);
  return names.toSorted((a, b) => a.localeCompare(b));
}

async function scanLine(line: Line, { screen, signal }: Tools): Promise<ScannedMeter[]> {
  const { listProfiles } = await import("@powershare/firmware-profiles");
  const profiles = listProfiles();
  const name = lineName(line);
  const meters: ScannedMeter[] = [];
  screen.text(`${name}: looking for units 1 to 16, less than half a minute`);
  const { damaged } = await scan({
    profiles,
    settings: "serial" in line ? makersSettings(profiles) : [undefined],
    units: "tcp" in line ? [...units, ...tcpUnits] : units,
    open: (setting) => openLine(line, setting),
    probingS: quickProbingS,
    stop: signal,
    onMeter: async (found) => {
      const meter = scannedMeter(line, found);
      screen.text(`${placeOf(found.setting, found.unit)}: ${modelsText(found)}`);
      if (meter !== undefined) meters.push(meter);
    },
    onAgain: (meter, unit, setting) =>
      screen.text(
        `${placeOf(setting, unit)}: the same meter as ${placeOf(meter.setting, meter.unit)}`,
      ),
    onProgress: (progress) => screen.progress(progressText(progress)),
    sleep: (delayMs) => sleep(delayMs),
    now: () => performance.now(),
  });
  for (const unit of damaged) screen.text(damagedText(unit));
  return meters;
}

/** Which models it may be; the display's step asks where there are several. */
function modelsText({ candidates }: FoundMeter): string {
  const models = candidates.map(({ profile }) => `${profile.maker} ${profile.model}`);
  if (models.length === 0) return "answers, but no profile fits";
  return isAmbiguous(candidates) ? models.join(" or ") : (models[0] ?? "");
}

function scannedMeter(
  line: Line,
  { setting, unit, candidates }: FoundMeter,
): ScannedMeter | undefined {
  const [best] = candidates;
  if (best === undefined) return undefined;
  return {
    line,
    setting: setting ?? null,
    unit,
    serialNumber: best.serialNumber ?? null,
    profiles: candidates.map(({ profile }) => profile.id),
    isAmbiguous: isAmbiguous(candidates),
  };
}
