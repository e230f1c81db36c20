import { CodedError } from "@powershare/domain/errors";
import { type Command, Option } from "commander";
import { AgentApi } from "../checks/agent-api.js";
import { configCheck, householdChecks } from "../checks/household.js";
import { type AgentConfig, inspectAgent } from "../checks/inspect.js";
import { lineText, terminalStyle } from "../checks/lines-text.js";
import { type Line, runChecks } from "../checks/run-checks.js";
import { answerNo, fail, outsideFailed, print, UnreadableInput, usageError } from "../output.js";
import { httpsUrl } from "./enrol.js";

interface DoctorOptions {
  readonly config: string;
  readonly url?: string;
  readonly registrar?: string;
  readonly registrarCa?: string;
  readonly unit: string;
  readonly json?: true;
}

const example = `
Example:
  powershare doctor --config /etc/powershare/agent.yaml

Each line says ok, FAIL with what to do, or ? where it could not be looked at.
Nothing is changed. While the agent runs it is asked about the meters and the
TPM, which it holds; else they are asked. Run it as the agent's user.
Exit 0: healthy; 1: not; 2: bad usage or configuration; 3: nothing is known to
be wrong, but not all could be looked at.`;

/** `powershare doctor`: everything that can be wrong on a household's device, each with its remedy. */
export function registerDoctorCommands(program: Command): void {
  program
    .command("doctor")
    .description("look for whatever is wrong on this device, and say what to do about it")
    .option("--config <file>", "the agent's configuration", "powershare.yaml")
    .option("--url <url>", "the running agent (default: as configured)")
    .addOption(
      new Option("--registrar <url>", "also look whether the operator's registrar answers")
        .argParser(httpsUrl)
        .env("POWERSHARE_REGISTRAR"),
    )
    .addOption(
      new Option(
        "--registrar-ca <file>",
        "certificate that the registrar's TLS certificate chains to",
      ).env("POWERSHARE_REGISTRAR_CA"),
    )
    .option("--unit <name>", "systemd unit of the agent", "powershare-agent.service")
    .option("--json", "print one JSON document")
    .addHelpText("after", example)
    .action(async (options: DoctorOptions) => {
      try {
        await doctor(options);
      } catch (error) {
        fail(error);
      }
    });
}

async function doctor(options: DoctorOptions): Promise<void> {
  const { config: path, unit, json } = options;
  const registrar = registrarOf(options);
  const { config, clock, problem } = await inspectAgent(path);
  if (config === undefined) {
    fail(new CodedError(problem?.code ?? "config.invalid", problem?.message ?? path));
    process.exitCode = usageError;
    return;
  }
  const api = new AgentApi(options.url ?? pageUrl(config));
  const running = await api.overview(AbortSignal.timeout(3_000)).then(
    () => true,
    () => false,
  );
  const checks = [
    configCheck(path),
    ...householdChecks({
      config,
      clock,
      api,
      running,
      unit,
      ...(registrar && { registrar }),
      nowMs: () => Date.now(),
    }),
  ];
  const style = terminalStyle();
  const said = new Set<string>();
  const lines = await runChecks(checks, (line) => {
    if (json !== true) print(lineText(line, style, said.has(line.remedy ?? "")));
    if (line.remedy !== undefined) said.add(line.remedy);
  });
  report(lines, json === true);
}

function report(lines: readonly Line[], json: boolean): void {
  const wrong = lines.filter(({ ok, looked }) => !ok && looked).length;
  const unknown = lines.filter(({ looked }) => !looked).length;
  if (wrong > 0) process.exitCode = answerNo;
  else if (unknown > 0) process.exitCode = outsideFailed;
  const healthy = wrong + unknown === 0;
  if (json) {
    print(JSON.stringify({ at: new Date().toISOString(), healthy, wrong, unknown, checks: lines }));
    return;
  }
  print(healthy ? "healthy" : `${wrong} wrong, ${unknown} not looked at, of ${lines.length}`);
}

function registrarOf({ registrar: url, registrarCa: caFile }: DoctorOptions) {
  if (url === undefined) return undefined;
  if (caFile === undefined) throw new UnreadableInput("expected --registrar-ca with --registrar");
  return { url, caFile };
}

/** Where the agent's page is. @throws UnreadableInput where the configuration lets the system choose */
export function pageUrl({ http: { host, port } }: AgentConfig): string {
  if (port === 0) throw new UnreadableInput("http.port is 0: name the agent's address with --url");
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
