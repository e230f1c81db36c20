import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configSchema, type Limits } from "../config.js";
import type { App } from "../http/api.js";
import { registrarServer } from "../http/server.js";
import { Desk, type DeskOptions } from "./desk.js";

export const origin = "https://registrar.example.org:8443";

/** A desk over HTTP, without a socket; `token` is the operator's. */
export interface ServedDesk {
  readonly desk: Desk;
  readonly app: App;
  readonly token: string;
  /** All that was logged. */
  readonly log: string[];
  close(): Promise<void>;
}

export async function serveDesk(
  options: DeskOptions = {},
  limits: Partial<Limits> = {},
): Promise<ServedDesk> {
  const desk = new Desk({ ...options, limits: { ...options.limits, ...limits } });
  const folder = mkdtempSync(join(tmpdir(), "operators-"));
  const [path = ""] = desk.operators.keepOnly(["ana"], folder);
  const token = readFileSync(path, "utf8").trim();
  rmSync(folder, { recursive: true });
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const certificate = desk.maker.certify(spki, { signs: true });
  const body = Buffer.from(certificate).toString("base64");
  const log: string[] = [];
  const app = await registrarServer({
    registrar: desk.registrar,
    operators: desk.operators,
    origin,
    proposals: { node: "root", utility: "grid-co" },
    tls: {
      key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      cert: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
    },
    limits: { ...configSchema.shape.limits.parse({}), ...limits },
    log: {
      info: (fields, message) => log.push(`${message} ${JSON.stringify(fields)}`),
      error: (fields, message) => log.push(`${message} ${JSON.stringify(fields)}`),
    },
    monotonicMs: () => desk.now.getTime(),
  });
  return {
    desk,
    app,
    token,
    log,
    async close() {
      await app.close();
      desk.close();
    },
  };
}
