import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { codeOf, remedyFor } from "@powershare/domain/errors";
import { connectLedger, softwareSigner } from "@powershare/ledger-client";
import Database from "better-sqlite3";
import { pino } from "pino";
import { Aggregator } from "./aggregator.js";
import { EvidenceBook } from "./book.js";
import { type Config, loadConfig } from "./config.js";

const usage = `Usage: powershare-aggregator --config FILE

The operator's judge of wiring: compares the evidence of all households of a microgrid, and says on the ledger
which placements are right. docs/operating/aggregator.md explains the configuration.
Exit codes: 0 stopped by SIGTERM or Ctrl-C; 2 wrong usage or configuration; 3 something outside failed.
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const path = configFile();
  if (path === undefined) return process.exitCode === undefined ? 0 : 2;
  try {
    await run(loadConfig(path));
    return 0;
  } catch (error) {
    const code = codeOf(error);
    process.stderr.write(
      `powershare-aggregator: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    if (code !== undefined) process.stderr.write(`  [${code}] ${remedyFor(code)}\n`);
    return code?.startsWith("config.") ? 2 : 3;
  }
}

/** Until a signal, or until the ledger's events cannot be understood. */
async function run({ dataDir, ledger, log: { level } }: Config): Promise<void> {
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const database = new Database(join(dataDir, "aggregator.db"));
  database.pragma("journal_mode = WAL");
  const { certificate, key, tlsRootCertificate, ...place } = ledger;
  const client = connectLedger({
    ...place,
    tlsRootCertificatePem: readFileSync(tlsRootCertificate, "utf8"),
    certificatePem: readFileSync(certificate, "utf8"),
    sign: softwareSigner(readFileSync(key, "utf8")),
    onTrouble: (error) => log.warn({ err: error }, "ledger connection"),
  });
  const book = new EvidenceBook(database);
  const aggregator = new Aggregator({
    book,
    ledger: client,
    log,
    nowMs: Date.now,
    random: Math.random,
  });
  const stop = () => {
    aggregator.stop();
    void client.close();
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  log.info({ channel: place.channel }, "judging");
  try {
    await aggregator.run();
  } finally {
    stop();
    database.close();
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
    process.stderr.write(`powershare-aggregator: ${String(error)}\n${usage}`);
    process.exitCode = 2;
  }
  return undefined;
}
