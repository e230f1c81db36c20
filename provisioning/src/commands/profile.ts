import type { Profile } from "@powershare/firmware-profiles";
import type { Command } from "commander";
import { wholeNumber } from "../arguments.js";
import { hex } from "../hex.js";
import { inFile, readText } from "../input-file.js";
import { answerNo, fail, print, say, usageError } from "../output.js";
import { type PlanOptions, plan } from "./profile-plan.js";

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

const summaryOf = (profile: Profile) => {
  const { id, maker, model, firmware, captures, source, hash } = profile;
  return { id, maker, model, firmware, captures, source, transports: transportsOf(profile), hash };
};

const transportsOf = ({ serial, tcp }: Profile): ("rtu" | "tcp")[] => [
  ...(serial ? (["rtu"] as const) : []),
  ...(tcp ? (["tcp"] as const) : []),
];

async function list({ json }: JsonOption): Promise<void> {
  const { listProfiles } = await import("@powershare/firmware-profiles");
  const profiles = listProfiles().map(summaryOf);
  if (json) return print(JSON.stringify({ profiles }));
  for (const { id, maker, model, captures, transports } of profiles) {
    const ways = transports.join(", ").padEnd(8);
    print(`${id.padEnd(26)} ${ways} ${maker} ${model} (capture: ${captures})`);
  }
}

async function show(id: string, { json }: JsonOption): Promise<void> {
  const { loadProfile } = await import("@powershare/firmware-profiles");
  const profile = loadProfile(id);
  if (json) return print(JSON.stringify(profile));
  for (const line of [...headLines(profile), ...registerLines(profile)]) print(line);
}

function headLines(profile: Profile): string[] {
  const { source, serial, tcp, sunspec, unit } = profile;
  const others = [serial?.otherBaudRates?.join(", "), serial?.otherParities?.join(", ")];
  const also = others.filter((each) => each !== undefined).join("; ");
  return [
    `${profile.id}: ${profile.maker} ${profile.model}, firmware ${profile.firmware}`,
    `source: ${source.title}${source.url ? ` <${source.url}>` : ""}`,
    `capture: ${profile.captures}`,
    ...(serial
      ? [
          `factory setting: unit ${unit}, ${serial.baudRate} Bd, parity ${serial.parity}, ${serial.stopBits} stop bit${serial.stopBits === 1 ? "" : "s"}${also ? ` (also ${also})` : ""}`,
        ]
      : []),
    ...(tcp ? [`Modbus TCP: port ${tcp.port}, unit ${unit}`] : []),
    ...(sunspec
      ? [`SunSpec: models ${sunspec.models.join(", ")}, from ${sunspec.bases.join(", ")}`]
      : []),
    `requests: at most ${profile.maxRegisters} registers, gaps ${profile.gaps}`,
    `hash: ${profile.hash}`,
  ];
}

function registerLines({ registers, identity, factors, rollsOverAtWh }: Profile): string[] {
  const line = (at: PlaceText, kind: string, name: string) =>
    `  ${at.table.padEnd(7)} ${hex(at.address)}  ${at.type.padEnd(7)} ${kind.padEnd(8)} ${name}`;
  const measured = registers.map((register) => {
    const round = rollsOverAtWh[register.quantity];
    const factor = register.factors.map(({ name }) => ` × ${name}`).join("");
    const rollover = round === undefined ? "" : ` (begins again at ${round} Wh)`;
    return line(register, register.pollClass, `${register.quantity}${factor}${rollover}`);
  });
  const tells = identity.map((register) => {
    const expected = register.expect.length > 0 ? ` = ${register.expect.join(" or ")}` : "";
    return line(register, "identity", `${register.quantity}${expected}`);
  });
  return [...measured, ...factors.map((each) => line(each, "factor", each.name)), ...tells];
}

interface PlaceText {
  readonly table: string;
  readonly address: number;
  readonly type: string;
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
    .option(
      "--interval <ms>",
      "from one poll to the next; prints the utilisation of the bus, and exits 1 where it does not fit",
      wholeNumber(1, 86_400_000),
    )
    .option("--json", "print one JSON document")
    .action((id: string, options: PlanOptions) => onInput(() => plan(id, options)));
}
