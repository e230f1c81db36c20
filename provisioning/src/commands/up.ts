import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Endpoint, endpoint, wholeNumber } from "../arguments.js";
import { fail } from "../output.js";
import type { Line } from "../scan/line.js";
import { type StepId, stepIds } from "../up/state.js";
import { httpsUrl } from "./enrol.js";

interface CommandOptions {
  readonly dataDir: string;
  readonly config?: string;
  readonly serial: readonly string[];
  readonly tcp: readonly Endpoint[];
  readonly rtuOverTcp: readonly Endpoint[];
  readonly tpmDevice?: string;
  readonly swtpm?: string;
  readonly registrar?: string;
  readonly registrarCa?: string;
  readonly slotSeconds?: number;
  readonly answers?: string;
  readonly request?: string;
  readonly response?: string;
  readonly url?: string;
  readonly wait: number | false;
  readonly waitMinutes: number;
  readonly redo?: StepId;
  readonly json?: boolean;
}

const notes = `
It goes through these steps, each with what to do where it does not succeed:
  check           this machine: clock, disk, security chip, serial ports
  scan            finds the meters on all serial ports, or on the lines given
  display         you type what each meter's display shows
  channels        which meter measures what; fuse, PV, battery, car, place, seal
  wiring          a kettle is switched: does each phase count the right way?
  tpm             the device's keys, in its security chip
  enrolment       you read a code to the operator, who approves
  configuration   writes the agent's configuration
  evidence        waits for the agent, and its first evidence on the ledger
  page            writes the page that stays with the household, to be printed
What is done is kept in DIR/up.json. Ctrl-C at any moment loses nothing: the same command
goes on. --redo STEP does one again, with what was answered as proposal.

Examples:
  powershare up
  powershare up --tcp 192.168.1.20:502 --answers household.yaml
Without a network at the cabinet: --request FILE, then --response FILE, twice.`;

/** `powershare up`: puts a household into operation. */
export function registerUpCommand(program: Command): void {
  const collect = (text: string, before: readonly string[]) => [...before, resolve(text)];
  const collectEndpoint = (text: string, before: readonly Endpoint[]) => [
    ...before,
    endpoint(text),
  ];
  program
    .command("up")
    .summary("put a household into operation, step by step; goes on where it was interrupted")
    .description("Put a household into operation, step by step, at the cabinet.")
    .option("--data-dir <dir>", "the agent's data folder", "/var/lib/powershare")
    .option("--config <file>", "the agent's configuration (default: /etc/powershare/agent.yaml)")
    .option("--serial <path>", "serial port; repeatable (default: all adapters)", collect, [])
    .option("--tcp <host:port>", "Modbus TCP; repeatable", collectEndpoint, [])
    .option("--rtu-over-tcp <host:port>", "serial gateway; repeatable", collectEndpoint, [])
    .addOption(new Option("--tpm-device <path>", "TPM (default: /dev/tpmrm0)").conflicts("swtpm"))
    .option("--swtpm <path>", "socket of a software TPM, for trials")
    .option("--registrar <url>", "the operator's registrar", httpsUrl)
    .option("--registrar-ca <file>", "certificate that the registrar's TLS certificate chains to")
    .option(
      "--slot-seconds <n>",
      "length of the neighbourhood's slots (default: 900)",
      wholeNumber(5, 3600),
    )
    .option("--answers <file>", "answers written down beforehand, YAML or JSON")
    .addOption(
      new Option("--request <file>", "enrol by files: write the request").conflicts("response"),
    )
    .option("--response <file>", "enrol by files: take the operator's response")
    .option("--url <url>", "the agent's address (default: http://127.0.0.1:8080)", agentUrl)
    .option("--no-wait", "do not wait for the agent and its first evidence")
    .option(
      "--wait-minutes <n>",
      "how long operator and agent are waited for",
      wholeNumber(1, 10_080),
      120,
    )
    .addOption(new Option("--redo <step>", "do this step again").choices(stepIds))
    .option("--json", "print the result as one JSON document; everything else to standard error")
    .addHelpText("after", notes)
    .action((options: CommandOptions) => run(options));
}

async function run(options: CommandOptions): Promise<void> {
  const { answers, config, dataDir, json, redo, request, response, url: address } = options;
  try {
    const { up } = await import("../up/run.js");
    process.exitCode = await up({
      dataDir: resolve(dataDir),
      places: {
        lines: linesOf(options),
        tpm: tpmOf(options),
        config: config && resolve(config),
        agentUrl: address,
        slotSeconds: options.slotSeconds,
      },
      answersFile: answers,
      given: new Map([
        ...(options.registrar === undefined
          ? []
          : [["operator/registrar", options.registrar] as const]),
        ...(options.registrarCa === undefined
          ? []
          : [["operator/registrarCa", resolve(options.registrarCa)] as const]),
      ]),
      redo,
      waitMs: options.waitMinutes * 60_000,
      isAgentAwaited: options.wait !== false,
      requestFile: request,
      responseFile: response,
      isJson: json === true,
    });
  } catch (error) {
    fail(error);
  }
}

function linesOf({ rtuOverTcp, serial, tcp }: CommandOptions): Line[] | undefined {
  const lines = [
    ...serial.map((path) => ({ serial: path })),
    ...tcp.map((place) => ({ tcp: place })),
    ...rtuOverTcp.map((place) => ({ rtuOverTcp: place })),
  ];
  return lines.length === 0 ? undefined : lines;
}

function tpmOf({ swtpm, tpmDevice }: CommandOptions) {
  if (swtpm !== undefined) return { swtpm: resolve(swtpm) };
  return tpmDevice === undefined ? undefined : { tpmDevice: resolve(tpmDevice) };
}

function agentUrl(text: string): string {
  if (!URL.canParse(text) || new URL(text).protocol !== "http:") {
    throw new InvalidArgumentError("expected http://HOST:PORT");
  }
  return text;
}
