import { setTimeout as sleep } from "node:timers/promises";
import type { Profile } from "@powershare/firmware-profiles";
import { type Command, InvalidArgumentError } from "commander";
import { type Endpoint, endpoint } from "../arguments.js";
import { answerNo, fail, print, say } from "../output.js";
import { type Line, openLine } from "../scan/line.js";
import type { FoundMeter, Progress, ScanOptions } from "../scan/scan.js";

interface CommandOptions {
  readonly serial?: string;
  readonly tcp?: Endpoint;
  readonly rtuOverTcp?: Endpoint;
  readonly units?: readonly number[];
  readonly full?: boolean;
  readonly record?: string;
}

const lastUnit = 247;
/** With no such hurry every probe has its full patience. */
const unhurriedS = 86_400;
const progressEveryMs = 5_000;
const terminalEveryMs = 200;

const range = (low: number, high: number) =>
  Array.from({ length: high - low + 1 }, (_, index) => low + index);

/** `1-16`, `7`, `1-3,20` or `all`. */
function unitsOf(text: string): number[] {
  if (text === "all") return range(1, lastUnit);
  const units = text.split(",").flatMap((part) => {
    const match = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(part);
    const low = Number(match?.[1]);
    const high = Number(match?.[2] ?? match?.[1]);
    if (!(low >= 1 && high >= low && high <= lastUnit)) {
      throw new InvalidArgumentError(
        `expected units as 1-16, 7 or all, each from 1 to ${lastUnit}`,
      );
    }
    return range(low, high);
  });
  return [...new Set(units)];
}

/** Devices that speak Modbus TCP themselves listen to 1, or to these. */
const tcpUnits = [255, 0];

function lineOf({ serial = "", tcp, rtuOverTcp }: CommandOptions): Line {
  if (tcp) return { tcp };
  return rtuOverTcp ? { rtuOverTcp } : { serial };
}

/** Says where the scan is: in place on a terminal, else now and then. */
function progressTeller(text: (progress: Progress) => string): (progress: Progress) => void {
  const isTerminal = process.stderr.isTTY;
  let toldMs = performance.now();
  return (progress) => {
    const now = performance.now();
    if (now - toldMs < (isTerminal ? terminalEveryMs : progressEveryMs)) return;
    toldMs = now;
    if (isTerminal) process.stderr.write(`\r\u001b[K${text(progress)}`);
    else say(text(progress));
  };
}

const clearLine = () => {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
};

async function settingsFor(
  options: CommandOptions,
  profiles: readonly Profile[],
): Promise<ScanOptions["settings"]> {
  if (options.serial === undefined) return [undefined];
  const { allSettings, makersSettings } = await import("../scan/line-settings.js");
  return options.full ? allSettings(profiles) : makersSettings(profiles);
}

function unitsFor({ units, full, tcp }: CommandOptions): readonly number[] {
  if (units) return units;
  if (full) return range(1, lastUnit);
  return tcp ? [...range(1, 16), ...tcpUnits] : range(1, 16);
}

async function run(options: CommandOptions, stop: AbortSignal): Promise<void> {
  const [profilesPackage, { BusError }, scanning, report, { recordMeter }] = await Promise.all([
    import("@powershare/firmware-profiles"),
    import("@powershare/modbus"),
    import("../scan/scan.js"),
    import("../scan/report.js"),
    import("../scan/record.js"),
  ]);
  const { placeOf, quickProbingS, scan } = scanning;
  const profiles = profilesPackage.listProfiles();
  const settings = await settingsFor(options, profiles);
  const units = unitsFor(options);
  const line = lineOf(options);
  const isTcp = options.tcp !== undefined;
  const lines = settings.length === 1 ? "" : ` at ${settings.length} line settings`;
  say(`looking for ${units.length} unit ids${lines}`);
  const onMeter = async (meter: FoundMeter) => {
    clearLine();
    print(report.meterLine(meter));
    say(report.meterText(meter));
    if (options.record === undefined || stop.aborted) return;
    const recording = { directory: options.record, profiles, isTcp, at: new Date(), stop };
    try {
      const recorded = await recordMeter(meter, recording);
      say(
        `  written: ${recorded.profileFile}, ${recorded.captureFile} (${recorded.frames} frames)`,
      );
    } catch (error) {
      if (error instanceof BusError) throw error;
      // The other meters are to be found all the same.
      fail(new Error(`not recorded: ${error instanceof Error ? error.message : String(error)}`));
    }
  };
  const isQuick = !options.full && units.length <= 18;
  const onAgain: ScanOptions["onAgain"] = (meter, unit, setting) => {
    clearLine();
    say(`${placeOf(setting, unit)}: the same meter as ${placeOf(meter.setting, meter.unit)}`);
  };
  const { meters, damaged, ignoresSettings } = await scan({
    profiles,
    settings,
    units,
    open: (setting) => openLine(line, setting),
    probingS: isQuick ? quickProbingS : unhurriedS,
    stop,
    onMeter,
    onAgain,
    onProgress: progressTeller(report.progressText),
    sleep: (delayMs) => sleep(delayMs),
    now: () => performance.now(),
  });
  clearLine();
  if (ignoresSettings)
    say("this port ignores baud rate and parity: what it prints there is not the line's");
  for (const unit of damaged) say(report.damagedText(unit));
  if (stop.aborted) say("stopped before the end");
  say(meters === 0 ? nothingFound(options) : `${meters} found`);
  if (meters === 0) process.exitCode = answerNo;
}

function nothingFound({ serial, full }: CommandOptions): string {
  const next =
    serial === undefined || full ? "" : "; --full tries every baud rate, parity and unit";
  return `no meter answered: check its power, and the A and B wires${next}`;
}

async function command(options: CommandOptions, self: Command): Promise<void> {
  const lines = [options.serial, options.tcp, options.rtuOverTcp];
  if (lines.filter((line) => line !== undefined).length !== 1) {
    self.error("error: expected one of --serial, --tcp and --rtu-over-tcp");
  }
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  try {
    await run(options, stop.signal);
  } catch (error) {
    clearLine();
    fail(error);
  }
}

const notes = `
Reads only, never writes. Without --full it takes less than half a minute; with it, all units at
every baud rate and parity, an hour or more. Ctrl-C ends it; what was found is printed already.

Examples:
  powershare scan --serial /dev/ttyUSB0
  powershare scan --tcp 192.168.1.20:502 --record drafts
  powershare scan --serial /dev/ttyUSB0 --full --units 1-32`;

/** `powershare scan`: finds meters without configuration, TPM or ledger. */
export function registerScanCommands(program: Command): void {
  program
    .command("scan")
    .description("find meters and print one JSON line for each; exit 1 if none answers")
    .option("--serial <path>", "serial port")
    .option("--tcp <host:port>", "Modbus TCP", endpoint)
    .option("--rtu-over-tcp <host:port>", "RTU frames over a TCP connection", endpoint)
    .option(
      "--units <list>",
      "unit ids as 1-16, 7 or all (default: 1-16, with --full all)",
      unitsOf,
    )
    .option("--full", "every baud rate and parity, not only the makers' settings")
    .option("--record <dir>", "write a profile draft and a capture of each meter into this folder")
    .option("--json", "changes nothing: meters are always JSON lines")
    .addHelpText("after", notes)
    .action((options: CommandOptions, self: Command) => command(options, self));
}
