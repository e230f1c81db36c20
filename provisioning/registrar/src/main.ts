import { parseArgs } from "node:util";
import { codeOf, remedyFor } from "@powershare/domain/errors";
import { pino } from "pino";
import { loadConfig } from "./config.js";
import { startRegistrar } from "./start.js";

const usage = `Usage: powershare-registrar --config FILE

The operator's side of enrolment: checks devices' requests, asks an operator, and has the CA
certify their keys. docs/operating/enrolment.md explains the configuration.
Exit codes: 0 stopped by SIGTERM or Ctrl-C; 2 wrong usage or configuration; 3 something outside failed.
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const file = configFile();
  if (file === undefined) return process.exitCode === undefined ? 0 : 2;
  try {
    const config = loadConfig(file);
    const log = pino({
      level: config.log.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
    });
    const running = await startRegistrar(config, log);
    const signal = await new Promise((resolve) => {
      process.once("SIGTERM", resolve);
      process.once("SIGINT", resolve);
    });
    log.info({ signal }, "stopping");
    await running.stop();
    return 0;
  } catch (error) {
    const code = codeOf(error);
    process.stderr.write(
      `powershare-registrar: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    if (code !== undefined) process.stderr.write(`  [${code}] ${remedyFor(code)}\n`);
    return code?.startsWith("config.") ? 2 : 3;
  }
}

/** Undefined where usage was asked for, or wrong. */
function configFile(): string | undefined {
  try {
    const options = { config: { type: "string" }, help: { type: "boolean" } } as const;
    const { values } = parseArgs({ options });
    if (values.help === true) process.stdout.write(usage);
    else if (values.config === undefined) throw new TypeError("--config is missing");
    else return values.config;
  } catch (error) {
    process.stderr.write(`powershare-registrar: ${String(error)}\n${usage}`);
    process.exitCode = 2;
  }
  return undefined;
}
