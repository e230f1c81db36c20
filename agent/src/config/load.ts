import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CodedError } from "@powershare/domain/errors";
import { type Document, isMap, isPair, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { type Config, configSchema } from "./schema.js";

/**
 * Reads and checks the configuration; paths in it become absolute, relative to the file's folder.
 * @throws CodedError config.unreadable, config.invalid (with line and path), config.http-exposed
 */
export function loadConfig(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new CodedError("config.unreadable", `cannot read the configuration ${path}`, { cause });
  }
  const config = parseConfig(text, path);
  const { ledger, registrar } = config;
  const certificates = {
    "ledger.tlsRootCertificate": ledger.tlsRootCertificate,
    "ledger.certificate": ledger.certificate,
    ...(registrar && { "registrar.tlsRootCertificate": registrar.tlsRootCertificate }),
  };
  for (const [key, file] of Object.entries(certificates)) {
    try {
      new X509Certificate(readFileSync(file));
    } catch (cause) {
      throw new CodedError(
        "config.invalid",
        `${path}: ${key}: no certificate can be read from ${file}`,
        { cause },
      );
    }
  }
  return config;
}

/** As loadConfig, from text; `path` is for messages and relative paths. */
export function parseConfig(text: string, path: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken) {
    const { line } = lines.linePos(broken.pos[0]);
    throw new CodedError(
      "config.invalid",
      `${path}:${line}: not YAML: ${broken.message.split("\n")[0]}`,
    );
  }
  const parsed = configSchema.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => describe(issue, document, lines, path));
    throw new CodedError("config.invalid", problems.join("\n"));
  }
  const { host } = parsed.data.http;
  if (!["127.0.0.1", "::1", "localhost"].includes(host)) {
    throw new CodedError(
      "config.http-exposed",
      `${path}: http.host: ${host} can be reached from outside, and the page has no login`,
    );
  }
  return withAbsolutePaths(parsed.data, dirname(resolve(path)));
}

function withAbsolutePaths(config: Config, folder: string): Config {
  const absolute = (path: string): string => resolve(folder, path);
  const { tpm, ledger, registrar } = config;
  return {
    ...config,
    dataDir: absolute(config.dataDir),
    buses: config.buses.map((bus) =>
      typeof bus.serial === "string" ? { ...bus, serial: absolute(bus.serial) } : bus,
    ),
    tpm: "device" in tpm ? { device: absolute(tpm.device) } : { swtpm: absolute(tpm.swtpm) },
    ledger: {
      ...ledger,
      tlsRootCertificate: absolute(ledger.tlsRootCertificate),
      certificate: absolute(ledger.certificate),
    },
    registrar: registrar && {
      ...registrar,
      tlsRootCertificate: absolute(registrar.tlsRootCertificate),
    },
  };
}

/** `file:line: path: what was expected`. */
function describe(
  issue: z.core.$ZodIssue,
  document: Document,
  lines: LineCounter,
  file: string,
): string {
  const keys = issue.code === "unrecognized_keys" ? issue.keys : [];
  const path = [...issue.path, ...keys.slice(0, 1)].map((part) =>
    typeof part === "symbol" ? String(part) : part,
  );
  const dotted = path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`,
    "",
  );
  const where = lineOf(document, lines, path);
  const message = keys.length > 0 ? "unknown key" : issue.message;
  return `${file}${where}: ${dotted === "" ? "file" : dotted}: ${message}`;
}

/** Line of the key, or of the nearest thing above it that exists. */
function lineOf(
  document: Document,
  lines: LineCounter,
  path: readonly (string | number)[],
): string {
  for (let length = path.length; length > 0; length -= 1) {
    const parent =
      length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find((item) => isPair(item) && String(item.key) === String(last))
      : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length), true);
    const offset = offsetOf(node);
    if (offset !== undefined) return `:${lines.linePos(offset).line}`;
  }
  return "";
}

function offsetOf(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  const { range } = node;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : undefined;
}
