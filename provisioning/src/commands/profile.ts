import { readFileSync } from "node:fs";
import type { Profile } from "@powershare/firmware-profiles";
import { type Command, InvalidArgumentError } from "commander";
import { answerNo, fail, print, say, UnreadableInput, usageError } from "../output.js";

interface JsonOption {
  readonly json?: boolean;
}

/** The file's text. Throws UnreadableInput where there is none. */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UnreadableInput(`${file} cannot be read: ${reason}`, { cause });
  }
}

/** Runs a command on what a person named or wrote: whatever is wrong with that is exit 2. */
async function onInput(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    fail(error);
    process.exitCode = usageError;
  }
}

const hex = (address: number) => `0x${address.toString(16).toUpperCase().padStart(4, "0")}`;

const summaryOf = ({ id, maker, model, firmware, captures, hash }: Profile) => ({
  id,
  maker,
  model,
  firmware,
  captures,
  hash,
});

async function list({ json }: JsonOption): Promise<void> {
  const { listProfiles } = await import("@powershare/firmware-profiles");
  const profiles = listProfiles().map(summaryOf);
  if (json) return print(JSON.stringify({ profiles }));
  for (const { id, maker, model, captures } of profiles) {
    print(`${id.padEnd(24)} ${maker} ${model} (capture: ${captures})`);
  }
}

async function show(id: string, { json }: JsonOption): Promise<void> {
  const { loadProfile } = await import("@powershare/firmware-profiles");
  const profile = loadProfile(id);
  if (json) return print(JSON.stringify(profile));
  const { source, serial } = profile;
  print(`${profile.id}: ${profile.maker} ${profile.model}, firmware ${profile.firmware}`);
  print(`source: ${source.title}${source.url ? ` <${source.url}>` : ""}`);
  print(`factory setting: ${serial.baudRate} Bd, parity ${serial.parity}`);
  print(`hash: ${profile.hash}`);
  for (const { quantity, table, address, type, pollClass } of [
    ...profile.registers,
    ...profile.identity,
  ]) {
    print(
      `  ${table.padEnd(7)} ${hex(address)}  ${type.padEnd(7)} ${pollClass.padEnd(8)} ${quantity}`,
    );
  }
}

async function validate(file: string, { json }: JsonOption): Promise<void> {
  const { parseProfile, ProfileError } = await import("@powershare/firmware-profiles");
  const text = readText(file);
  let problems: readonly string[] = [];
  let hash: string | null = null;
  try {
    ({ hash } = parseProfile(text));
  } catch (error) {
    if (!(error instanceof ProfileError) || error.code !== "profile.invalid") throw error;
    problems = error.problems;
  }
  const valid = problems.length === 0;
  if (json) print(JSON.stringify({ file, valid, hash, problems }));
  else if (valid) print(`${file}: valid`);
  else for (const problem of problems) say(`${file}: ${problem}`);
  if (!valid) process.exitCode = answerNo;
}

async function decode(id: string, options: JsonOption & { capture: string }): Promise<void> {
  const { decodeCapture, loadProfile } = await import("@powershare/firmware-profiles");
  const result = decodeCapture(loadProfile(id), readText(options.capture));
  if (options.json) {
    print(JSON.stringify(result));
  } else {
    for (const [quantity, value] of Object.entries(result.values)) print(`${quantity} ${value}`);
    for (const { line, code, message } of result.errors) {
      say(`${options.capture}:${line}: [${code}] ${message}`);
    }
  }
  if (result.errors.length > 0) process.exitCode = answerNo;
}

async function plan(id: string, options: JsonOption & { baud?: number }): Promise<void> {
  const [{ loadProfile, planReads }, { wireTimeMs }] = await Promise.all([
    import("@powershare/firmware-profiles"),
    import("@powershare/modbus"),
  ]);
  const profile = loadProfile(id);
  const { parity } = profile.serial;
  const baudRate = options.baud ?? profile.serial.baudRate;
  const [fast, slow, identity] = (["fast", "slow", "identity"] as const).map((pollClass) => {
    const requests = planReads(profile, { pollClasses: [pollClass], baudRate });
    const registers = pollClass === "identity" ? profile.identity : profile.registers;
    return {
      pollClass,
      values: registers.filter((register) => register.pollClass === pollClass).length,
      registers: requests.reduce((sum, { count }) => sum + count, 0),
      wireTimeMs: Number(wireTimeMs(requests, baudRate, { parity }).toFixed(1)),
      requests,
    };
  });
  const plans = [fast, slow, identity].filter((each) => each !== undefined && each.values > 0);
  if (options.json) return print(JSON.stringify({ profile: id, baudRate, parity, plans }));
  for (const each of plans) {
    if (!each) continue;
    const { pollClass, values, registers, requests } = each;
    const size = `${values} values in ${requests.length} requests, ${registers} registers`;
    print(`${pollClass}: ${size}, ${each.wireTimeMs} ms on the wire at ${baudRate} Bd`);
    for (const { table, address, count } of requests) {
      print(`  ${table.padEnd(7)} ${hex(address)}  ${count} registers`);
    }
  }
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError("expected a whole number above 0");
  }
  return value;
}

/** `powershare profile …`: meters declared as data. */
export function registerProfileCommands(program: Command): void {
  const profile = program.command("profile").description("meter profiles: meters declared as data");
  profile
    .command("list")
    .description("lists all profiles")
    .option("--json", "print one JSON document")
    .action((options: JsonOption) => list(options));
  profile
    .command("show <id>")
    .description("shows a profile: source, factory setting, registers")
    .option("--json", "print one JSON document")
    .action((id: string, options: JsonOption) => onInput(() => show(id, options)));
  profile
    .command("validate <file>")
    .description("checks a profile's file; exit 1 if it is invalid")
    .option("--json", "print one JSON document")
    .action((file: string, options: JsonOption) => onInput(() => validate(file, options)));
  profile
    .command("decode <id>")
    .description("decodes a recorded exchange; exit 1 if frames do not decode")
    .requiredOption("--capture <file>", "recorded frames, one a line")
    .option("--json", "print one JSON document")
    .action((id: string, options: JsonOption & { capture: string }) =>
      onInput(() => decode(id, options)),
    );
  profile
    .command("plan <id>")
    .description("prints the read requests and their time on the wire")
    .option(
      "--baud <n>",
      "baud rate of the line (default: the meter's factory setting)",
      positiveInteger,
    )
    .option("--json", "print one JSON document")
    .action((id: string, options: JsonOption & { baud?: number }) =>
      onInput(() => plan(id, options)),
    );
}
