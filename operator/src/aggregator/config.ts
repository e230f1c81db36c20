import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CodedError } from "@powershare/domain/errors";
import { parse } from "yaml";
import { z } from "zod";

const file = z.string().min(1);

const configSchema = z.strictObject({
  /** For what it keeps of the ledger; lost, it is read again from the first block on. */
  dataDir: file,
  /** The operator's client of the ledger, as in the registrar's configuration. */
  ledger: z.strictObject({
    endpoint: z.string().regex(/^[^\s:]+:\d+$/, "host:port"),
    tlsHostname: z.string().min(1),
    tlsRootCertificate: file,
    mspId: z.string().min(1),
    channel: z.string().min(1),
    chaincode: z.string().min(1),
    certificate: file,
    key: file,
  }),
  log: z
    .strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") })
    .prefault({}),
});
export type Config = z.infer<typeof configSchema>;

/**
 * Reads the configuration; its paths count from its own folder.
 * @throws CodedError config.unreadable, config.invalid
 */
export function loadConfig(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new CodedError("config.unreadable", `cannot read ${path}`, { cause });
  }
  let content: unknown;
  try {
    content = parse(text);
  } catch (cause) {
    throw new CodedError("config.invalid", `${path}: ${String(cause)}`, { cause });
  }
  const result = configSchema.safeParse(content);
  if (!result.success) {
    throw new CodedError("config.invalid", `${path}: ${z.prettifyError(result.error)}`);
  }
  const from = dirname(path);
  const { dataDir, ledger, log } = result.data;
  return {
    dataDir: resolve(from, dataDir),
    ledger: {
      ...ledger,
      tlsRootCertificate: resolve(from, ledger.tlsRootCertificate),
      certificate: resolve(from, ledger.certificate),
      key: resolve(from, ledger.key),
    },
    log,
  };
}
