import { setTimeout as sleep } from "node:timers/promises";
import type { Block, PlannedRead, Profile } from "@powershare/firmware-profiles";
import type { Parity, RegisterReader, RtuMaster } from "@powershare/modbus";
import { type Command, Option } from "commander";
import { type Endpoint, endpoint, wholeNumber } from "../arguments.js";
import { fail, print, say, usageError } from "../output.js";

interface ReadOptions {
  readonly profile: string;
  readonly serial?: string;
  readonly baud?: number;
  readonly parity?: Parity;
  readonly tcp?: Endpoint;
  readonly rtuOverTcp?: Endpoint;
  readonly unit: number;
  readonly count?: number;
  readonly interval: number;
}

/** After the first reading trouble is waited out so long; an adapter may be plugged in again. */
const patienceMs = 60_000;

async function openReader(
  options: ReadOptions,
  profile: Profile,
): Promise<RegisterReader | RtuMaster> {
  const modbus = await import("@powershare/modbus");
  const { serial, tcp, rtuOverTcp } = options;
  const baudRate = options.baud ?? profile.serial?.baudRate ?? 9_600;
  const parity = options.parity ?? profile.serial?.parity ?? "none";
  const stopBits = profile.serial?.stopBits ?? 1;
  const meters = new Map([[options.unit, profile.timing ?? {}]]);
  if (tcp) return modbus.openTcpReader({ ...tcp, meters });
  const line = { baudRate, parity, stopBits, meters };
  if (rtuOverTcp) return modbus.openRtuOverTcpMaster({ ...rtuOverTcp, ...line });
  return modbus.openRtuMaster({ path: serial ?? "", ...line });
}

/** One block; a block that came damaged, or not at all, is asked for once more. */
async function readBlock(reader: RegisterReader, unit: number, read: PlannedRead) {
  const request = { ...read, unit, timeoutMs: 1_000 };
  const again = (error: unknown) => {
    const isPassing =
      error instanceof Error &&
      "code" in error &&
      (error.code === "bus.timeout" || error.code === "bus.crc");
    if (!isPassing) throw error;
    say(`powershare: ${error.message}; trying once more`);
    return reader.read(request);
  };
  return { ...read, bytes: await reader.read(request).catch(again) };
}

/**
 * All blocks of a reading. Where one fails, nothing: it is said, and the next reading is another
 * try. Throws at the first reading, and when there was none for a minute.
 */
async function readAll(
  reader: RegisterReader,
  unit: number,
  reads: readonly PlannedRead[],
  goodMs: number | undefined,
): Promise<Block[] | undefined> {
  const blocks: Block[] = [];
  try {
    for (const read of reads) blocks.push(await readBlock(reader, unit, read));
    return blocks;
  } catch (error) {
    const isOver = goodMs === undefined || performance.now() - goodMs > patienceMs;
    if (isOver || !(error instanceof Error)) throw error;
    say(`powershare: ${error.message}; going on`);
    // Where nothing is there, the next try fails at once.
    await sleep(250);
    return undefined;
  }
}

/** The next time of the schedule that is still to come; what was missed is left out. */
function nextDueMs(dueMs: number, intervalMs: number): number {
  const lateMs = performance.now() - dueMs;
  if (intervalMs === 0) return dueMs + lateMs;
  return dueMs + Math.max(1, Math.ceil(lateMs / intervalMs)) * intervalMs;
}

async function poll(options: ReadOptions, stop: AbortSignal): Promise<void> {
  const { decode, loadProfile, planReads, resolveProfile } = await import(
    "@powershare/firmware-profiles"
  );
  const declared = loadProfile(options.profile);
  const baudRate = options.baud ?? declared.serial?.baudRate ?? 9_600;
  const reader = await openReader(options, declared);
  try {
    const profile = await resolveProfile(declared, async (table, address, count) => {
      return (await readBlock(reader, options.unit, { table, address, count })).bytes;
    });
    const reads = planReads(profile, { pollClasses: ["fast", "slow"], baudRate });
    let dueMs = performance.now();
    let goodMs: number | undefined;
    for (let left = options.count ?? Number.POSITIVE_INFINITY; left > 0; ) {
      await sleep(dueMs - performance.now(), undefined, { signal: stop }).catch(() => {});
      if (stop.aborted) break;
      dueMs = nextDueMs(dueMs, options.interval);
      const at = new Date().toISOString();
      const blocks = await readAll(reader, options.unit, reads, goodMs);
      if (!blocks) continue;
      left--;
      goodMs = performance.now();
      // From now on the adapter is followed to wherever it is plugged in.
      if ("confirmPort" in reader) reader.confirmPort();
      const values = decode(profile, blocks);
      const isWhole = profile.registers.every(({ quantity }) => quantity in values);
      const quality = isWhole ? "good" : "incomplete";
      print(JSON.stringify({ at, unit: options.unit, profile: profile.id, values, quality }));
    }
  } finally {
    await reader.close();
  }
}

async function read(options: ReadOptions, command: Command): Promise<void> {
  const lines = [options.serial, options.tcp, options.rtuOverTcp].filter(
    (line) => line !== undefined,
  );
  if (lines.length !== 1) {
    command.error("error: expected one of --serial, --tcp and --rtu-over-tcp");
  }
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  try {
    await poll(options, stop.signal);
  } catch (error) {
    fail(error);
    const { ProfileError } = await import("@powershare/firmware-profiles");
    if (error instanceof ProfileError) process.exitCode = usageError;
  }
}

const examples = `
Examples:
  powershare read --profile eastron/sdm630 --serial /dev/ttyUSB0 --unit 1 --count 1
  powershare read --profile eastron/sdm230 --tcp 192.168.1.20:502 --unit 2 --interval 5000`;

/** `powershare read`: polls a meter without configuration, TPM or ledger. */
export function registerReadCommands(program: Command): void {
  program
    .command("read")
    .description("poll a meter and print one JSON line per reading, until stopped or --count")
    .requiredOption("--profile <id>", "the meter's profile, see powershare profile list")
    .option("--serial <path>", "serial port")
    .option(
      "--baud <n>",
      "baud rate (default: the meter's factory setting)",
      wholeNumber(1_200, 115_200),
    )
    .addOption(
      new Option("--parity <parity>", "parity (default: the meter's factory setting)").choices([
        "none",
        "even",
        "odd",
      ]),
    )
    .option("--tcp <host:port>", "Modbus TCP", endpoint)
    .option("--rtu-over-tcp <host:port>", "RTU frames over a TCP connection", endpoint)
    .option("--unit <n>", "unit id of the meter", wholeNumber(1, 247), 1)
    .option("--count <n>", "stop after so many readings", wholeNumber(1, 1_000_000_000))
    .option(
      "--interval <ms>",
      "from the start of one reading to the next",
      wholeNumber(0, 86_400_000),
      1_000,
    )
    .option("--json", "changes nothing: readings are always JSON lines")
    .addHelpText("after", examples)
    .action((options: ReadOptions, command: Command) => read(options, command));
}
