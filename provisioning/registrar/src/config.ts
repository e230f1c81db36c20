import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CodedError } from "@powershare/domain/errors";
import { parse, YAMLParseError } from "yaml";
import { z } from "zod";

const file = z.string().min(1);
const port = z.int().min(0).max(65_535);
const ledgerPlace = {
  endpoint: z.string().regex(/^[^\s:]+:\d+$/, "host:port"),
  tlsHostname: z.string().min(1),
  tlsRootCertificate: file,
  mspId: z.string().min(1),
  channel: z.string().min(1),
  chaincode: z.string().min(1),
};

export const configSchema = z.strictObject({
  /** `https://host:port` by which devices and browsers reach this registrar; other names are refused. */
  url: z.url({ protocol: /^https$/ }),
  listen: z.strictObject({ host: z.string().default("127.0.0.1"), port }),
  tls: z.strictObject({ key: file, certificate: file }),
  /** State, and the operators' tokens at their first start. */
  dataDir: file,
  microgrid: z.string().regex(/^[a-z0-9-]{1,40}$/),
  operators: z
    .array(z.string().regex(/^[a-z][a-z0-9-]{0,29}$/))
    .min(1)
    .max(50),
  makers: z.strictObject({
    /** PEM and DER certificates of chip makers: roots, which are trusted, and those between. */
    folder: file,
    policy: z.enum(["require", "operator-decides"]).default("require"),
  }),
  ca: z.strictObject({
    url: z.url({ protocol: /^https$/ }),
    name: z.string().min(1),
    tlsCertificate: file,
    /** Certificate and key of an identity of the CA that may register clients and revoke certificates. */
    certificate: file,
    key: file,
  }),
  /** What devices are told of their ledger. */
  network: z.strictObject(ledgerPlace),
  /** Operator's client of the ledger; without it participants are registered by hand. */
  ledger: z.strictObject({ ...ledgerPlace, certificate: file, key: file }).optional(),
  /** What the approval page proposes. */
  proposals: z
    .strictObject({ node: z.string().default("root"), utility: z.string().default("utility") })
    .prefault({}),
  limits: z
    .strictObject({
      waiting: z.int().min(1).max(1000).default(1000),
      expiryHours: z.int().min(1).max(720).default(168),
      /** New requests a minute: from one address, and from all. */
      requestsPerMinute: z.int().min(1).default(30),
      requestsPerMinuteInAll: z.int().min(1).default(300),
      /** Any calls a minute from one address. */
      callsPerMinute: z.int().min(1).default(1200),
      renewFromDays: z.int().min(1).max(366).default(60),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") })
    .prefault({}),
});
export type Config = z.output<typeof configSchema>;
export type Limits = Config["limits"];

/**
 * Reads and checks the configuration; paths in it become absolute, relative to the file's folder.
 * @throws CodedError config.unreadable, config.invalid with path and reason
 */
export function loadConfig(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new CodedError("config.unreadable", `cannot read the configuration ${path}`, { cause });
  }
  const parsed = configSchema.safeParse(parseYaml(text, path));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (one) => `${path}: ${one.path.join(".")}: ${one.message}`,
    );
    throw new CodedError("config.invalid", problems.join("\n"));
  }
  return withAbsolutePaths(parsed.data, dirname(resolve(path)));
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    const reason = cause instanceof YAMLParseError ? cause.message.split("\n")[0] : String(cause);
    throw new CodedError("config.invalid", `${path}: not YAML: ${reason}`, { cause });
  }
}

function withAbsolutePaths(config: Config, folder: string): Config {
  const at = (path: string): string => resolve(folder, path);
  const { tls, makers, ca, network, ledger } = config;
  return {
    ...config,
    dataDir: at(config.dataDir),
    tls: { key: at(tls.key), certificate: at(tls.certificate) },
    makers: { ...makers, folder: at(makers.folder) },
    ca: {
      ...ca,
      tlsCertificate: at(ca.tlsCertificate),
      certificate: at(ca.certificate),
      key: at(ca.key),
    },
    network: { ...network, tlsRootCertificate: at(network.tlsRootCertificate) },
    ledger: ledger && {
      ...ledger,
      tlsRootCertificate: at(ledger.tlsRootCertificate),
      certificate: at(ledger.certificate),
      key: at(ledger.key),
    },
  };
}
