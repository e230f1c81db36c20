import type { Profile } from "@powershare/firmware-profiles";
import { characterMs, type RegisterReader, silenceMs } from "@powershare/modbus";
import { answersAs, type Candidate, identify } from "./identify.js";
import { isMakersSetting, type LineSetting, settingName } from "./line-settings.js";
import { askPatiently, type Probe, probeCount, probesFor, sweepUnits } from "./probe.js";
import { UnitReader } from "./unit-reader.js";

/** A unit that answered, and what fits it. */
export interface FoundMeter {
  /** Undefined where the transport has none: Modbus TCP, RTU over TCP. */
  readonly setting: LineSetting | undefined;
  readonly unit: number;
  /** Best first; empty where no profile fits. */
  readonly candidates: readonly Candidate[];
  /** Open until the next meter is looked at. */
  readonly reader: UnitReader;
}

/** Something answers, but never soundly: two meters with one unit id, or a bad line. */
export interface DamagedUnit {
  readonly setting: LineSetting | undefined;
  readonly unit: number;
}

export interface Progress {
  readonly setting: LineSetting | undefined;
  /** Probes done of all, re-asking and identifying not counted. */
  readonly done: number;
  readonly total: number;
  /** How long the rest will take, from what was seen so far, s. */
  readonly remainingS: number;
}

export interface ScanOptions {
  readonly profiles: readonly Profile[];
  /** Line settings in the order of trying; undefined for a transport without any. */
  readonly settings: readonly (LineSetting | undefined)[];
  readonly units: readonly number[];
  /** Opens the line anew; settings never share an open line. */
  readonly open: (setting: LineSetting | undefined) => Promise<RegisterReader>;
  /** For how long the probes may take in all, s; each is given its share of patience. */
  readonly probingS: number;
  readonly stop: AbortSignal;
  readonly onMeter: (meter: FoundMeter) => Promise<void>;
  /** A meter that was found answers elsewhere too: to further unit ids, or at further settings. */
  readonly onAgain: (meter: FoundMeter, unit: number, setting: LineSetting | undefined) => void;
  readonly onProgress: (progress: Progress) => void;
  /** Lets time pass; tests pass virtual time. */
  readonly sleep: (delayMs: number) => Promise<void>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface ScanResult {
  readonly meters: number;
  /** One meter answered at two baud rates, so the rest was left out: the port ignores settings. */
  readonly ignoresSettings: boolean;
  readonly damaged: readonly DamagedUnit[];
}

/** Beside probing there are ports to open and meters to tell apart: together less than half a minute. */
export const quickProbingS = 17;
/** The master's own slack behind each time-out, ms. */
const slackMs = 35;
const leastPatienceMs = 60;
const mostPatienceMs = 250;
/** A late answer may meet the answers of so many units that are asked after it. */
const suspectsBefore = 2;
/** Of a line that is nothing but noise not every unit is asked again. */
const mostSuspects = 6;
/** After the last probe of a setting, ms: for the answer of a slow meter among the last. */
const settleMs = 400;

/** What a probe without an answer takes besides the meter's patience, ms. */
function probeCostMs(setting: LineSetting | undefined): number {
  if (!setting) return slackMs;
  const { baudRate, parity, stopBits } = setting;
  const characters = 8 + 5 + 2 * probeCount;
  return (
    characters * characterMs(baudRate, parity, stopBits) +
    2 * silenceMs(baudRate, parity, stopBits) +
    slackMs
  );
}

/** How long each probe may wait so that all fit into the time, ms. */
export function patienceMs(
  planned: readonly { readonly setting: LineSetting | undefined; readonly probes: number }[],
  probingS: number,
): number {
  const total = planned.reduce((sum, { probes }) => sum + probes, 0);
  const fixedMs = planned.reduce(
    (sum, { setting, probes }) => sum + probes * probeCostMs(setting) + settleMs,
    0,
  );
  const share = (probingS * 1000 - fixedMs) / total;
  return Math.max(leastPatienceMs, Math.min(mostPatienceMs, Math.floor(share)));
}

/**
 * Finds meters: each setting in turn, first who is there, then who it is. Reads only.
 * Rejects with BusError where the port cannot be opened or vanishes.
 */
export async function scan(options: ScanOptions): Promise<ScanResult> {
  return await new Scan(options).run();
}

class Scan {
  readonly #options: ScanOptions;
  readonly #patienceMs: number;
  /** Probes of all units at all settings. */
  readonly #total: number;
  readonly #startedMs: number;
  readonly #found: FoundMeter[] = [];
  readonly #damaged: DamagedUnit[] = [];
  #done = 0;
  /** Probes of the settings that are over, those left out for a unit that answered at once included. */
  #doneBefore = 0;
  /** The port does not care for settings, as no gateway or pseudo-terminal does. */
  #ignoresSettings = false;

  constructor(options: ScanOptions) {
    const { settings, units, probingS } = options;
    this.#options = options;
    const planned = settings.map((setting) => ({
      setting,
      probes: units.length * this.#probesAt(setting).length,
    }));
    this.#total = planned.reduce((sum, { probes }) => sum + probes, 0);
    this.#patienceMs = patienceMs(planned, probingS);
    this.#startedMs = options.now();
  }

  async run(): Promise<ScanResult> {
    const { settings, stop } = this.#options;
    for (const setting of settings) {
      if (stop.aborted || this.#ignoresSettings) break;
      await this.#with(setting, (reader) => this.#sweep(reader, setting));
    }
    const damaged = await this.#confirmDamaged();
    return { meters: this.#found.length, ignoresSettings: this.#ignoresSettings, damaged };
  }

  async #with<T>(
    setting: LineSetting | undefined,
    use: (reader: RegisterReader) => Promise<T>,
  ): Promise<T> {
    const reader = await this.#options.open(setting);
    try {
      return await use(reader);
    } finally {
      await reader.close();
    }
  }

  async #sweep(reader: RegisterReader, setting: LineSetting | undefined): Promise<void> {
    const { units, stop, sleep } = this.#options;
    const probes = this.#probesAt(setting);
    const damaged = await sweepUnits({
      reader,
      units,
      probes,
      patienceMs: this.#patienceMs,
      stop,
      // What is on its way at this setting must not come in at the next, either.
      settle: () => sleep(settleMs),
      onProbe: () => this.#progress(setting),
      onPresent: (unit) => this.#identify(reader, setting, unit),
    });
    for (const unit of damaged) this.#damaged.push({ setting, unit });
    this.#doneBefore += units.length * probes.length;
    this.#done = this.#doneBefore;
  }

  /** Where all profiles of a setting use one table, the other is not asked for. */
  #probesAt(setting: LineSetting | undefined): readonly Probe[] {
    const { profiles } = this.#options;
    const own = profiles.filter((profile) => setting && isMakersSetting(profile, setting));
    return probesFor(own.length === 0 ? profiles : own);
  }

  async #identify(
    reader: RegisterReader,
    setting: LineSetting | undefined,
    unit: number,
  ): Promise<void> {
    const { profiles, onMeter, stop } = this.#options;
    if (stop.aborted) return;
    const unitReader = new UnitReader(reader, unit);
    if (await this.#isKnown(unitReader, setting)) return;
    const isLikely = (profile: Profile) =>
      setting === undefined ? profile.tcp !== undefined : isMakersSetting(profile, setting);
    const candidates = await identify(unitReader, profiles, isLikely);
    const meter = { setting, unit, candidates, reader: unitReader };
    this.#found.push(meter);
    await onMeter(meter);
  }

  /** On a serial line a meter has one unit id; a device behind TCP may answer to each. */
  async #isKnown(reader: UnitReader, setting: LineSetting | undefined): Promise<boolean> {
    for (const meter of this.#found) {
      const [best] = meter.candidates;
      const mayBe = setting === undefined || meter.unit === reader.unit;
      if (!best || !mayBe || !(await answersAs(reader.anew(), best))) continue;
      if (setting?.baudRate !== meter.setting?.baudRate) this.#ignoresSettings = true;
      this.#options.onAgain(meter, reader.unit, setting);
      return true;
    }
    return false;
  }

  /**
   * Units of which only damage was heard are asked again with patience, and with them those just
   * before, whose late answers may have been it. One that was found at some setting explains the
   * damage at the others.
   */
  async #confirmDamaged(): Promise<DamagedUnit[]> {
    const { stop, settings } = this.#options;
    const confirmed: DamagedUnit[] = [];
    for (const setting of settings) {
      const suspects = this.#suspectsAt(setting);
      if (suspects.length === 0 || stop.aborted) continue;
      await this.#with(setting, async (reader) => {
        for (const unit of suspects) {
          if (stop.aborted) return;
          const reply = await askPatiently(reader, unit, this.#probesAt(setting));
          if (reply === "present") await this.#identify(reader, setting, unit);
          if (reply === "damaged") confirmed.push({ setting, unit });
        }
      });
    }
    return confirmed.filter(({ unit }) => !this.#isFound(unit));
  }

  #suspectsAt(setting: LineSetting | undefined): number[] {
    const { units } = this.#options;
    const here = this.#damaged.filter((each) => each.setting === setting);
    const unexplained = here.filter(({ unit }) => !this.#isFound(unit)).slice(0, mostSuspects);
    const around = unexplained.flatMap(({ unit }) => {
      const index = units.indexOf(unit);
      return units.slice(Math.max(0, index - suspectsBefore), index + 1);
    });
    return [...new Set(around)].filter((unit) => !this.#isFound(unit));
  }

  #isFound(unit: number): boolean {
    return this.#found.some((meter) => meter.unit === unit);
  }

  #progress(setting: LineSetting | undefined): void {
    const { now, onProgress } = this.#options;
    this.#done += 1;
    const perProbeMs = (now() - this.#startedMs) / this.#done;
    const remainingS = Math.ceil(((this.#total - this.#done) * perProbeMs) / 1000);
    onProgress({ setting, done: this.#done, total: this.#total, remainingS });
  }
}

export const placeOf = (setting: LineSetting | undefined, unit: number): string =>
  setting ? `unit ${unit} at ${settingName(setting)}` : `unit ${unit}`;
