import type { Profile } from "@powershare/firmware-profiles";
import type { Command } from "commander";
import { wholeNumber } from "../arguments.js";
import { inFile, readText } from "../input-file.js";
import { answerNo, fail, print, say, usageError } from "../output.js";

const largestProfileMiB = 1;
const largestCaptureMiB = 64;

interface JsonOption {
  readonly json?: boolean;
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
  if (serial) print(`factory setting: ${serial.baudRate} Bd, parity ${serial.parity}`);
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
  const text = await readText(file, largestProfileMiB);
  const { hash, problems } = inFile(file, () => {
    try {
      return { hash: parseProfile(text).hash, problems: [] };
    } catch (error) {
      if (!(error instanceof ProfileError) || error.code !== "profile.invalid") throw error;
      return { hash: null, problems: error.problems };
    }
  });
  const valid = problems.length === 0;
  if (json) print(JSON.stringify({ file, valid, hash, problems }));
  else if (valid) print(`${file}: valid`);
  else for (const problem of problems) say(`${file}: ${problem}`);
  if (!valid) process.exitCode = answerNo;
}

async function decode(id: string, options: JsonOption & { capture: string }): Promise<void> {
  const { decodeCapture, loadProfile } = await import("@powershare/firmware-profiles");
  const profile = loadProfile(id);
  const text = await readText(options.capture, largestCaptureMiB);
  const result = inFile(options.capture, () => decodeCapture(profile, text));
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

const numberOf = (count: number, thing: string) => `${count} ${thing}${count === 1 ? "" : "s"}`;

async function plan(id: string, options: JsonOption & { baud?: number }): Promise<void> {
  const [{ loadProfile, planReads }, { wireTimeMs }] = await Promise.all([
    import("@powershare/firmware-profiles"),
    import("@powershare/modbus"),
  ]);
  const profile = loadProfile(id);
  const { parity = "none" } = profile.serial ?? {};
  const baudRate = options.baud ?? profile.serial?.baudRate ?? 9_600;
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
    const size = `${numberOf(values, "value")} in ${numberOf(requests.length, "request")}, ${registers} registers`;
    print(`${pollClass}: ${size}, ${each.wireTimeMs} ms on the wire at ${baudRate} Bd`);
    for (const { table, address, count } of requests) {
      print(`  ${table.padEnd(7)} ${hex(address)}  ${count} registers`);
    }
  }
}

/** `powershare profile …`: meters declared as data. */
export function registerProfileCommands(program: Command): void {
  const profile = program.command("profile").description("list, check and use meter profiles");
  profile
    .command("list")
    .description("list all profiles")
    .option("--json", "print one JSON document")
    .action((options: JsonOption) => list(options));
  profile
    .command("show <id>")
    .description("show a profile: source, factory setting, registers")
    .option("--json", "print one JSON document")
    .action((id: string, options: JsonOption) => onInput(() => show(id, options)));
  profile
    .command("validate <file>")
    .description("check a profile's file; exit 1 if it is invalid")
    .option("--json", "print one JSON document")
    .action((file: string, options: JsonOption) => onInput(() => validate(file, options)));
  profile
    .command("decode <id>")
    .description("decode a recorded exchange; exit 1 if frames do not decode")
    .requiredOption(
      "--capture <file>",
      'frames, one a line: "> 01 04 …" asks, "< 01 04 …" answers, "#" comments',
    )
    .option("--json", "print one JSON document")
    .action((id: string, options: JsonOption & { capture: string }) =>
      onInput(() => decode(id, options)),
    );
  profile
    .command("plan <id>")
    .description("print the read requests and their time on the wire")
    .option(
      "--baud <n>",
      "baud rate of the line (default: the meter's factory setting)",
      wholeNumber(1_200, 115_200),
    )
    .option("--json", "print one JSON document")
    .action((id: string, options: JsonOption & { baud?: number }) =>
      onInput(() => plan(id, options)),
    );
}
