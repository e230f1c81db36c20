import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ErrorCode } from "@powershare/domain/errors";
import { codeOf } from "@powershare/domain/errors";
import { z } from "zod";

const program = fileURLToPath(new URL("../../../agent/dist/inspect.js", import.meta.url));

const endpoint = z.object({ host: z.string(), port: z.int() });
const bus = z.object({
  id: z.string(),
  serial: z.union([z.string(), z.object({ adapter: z.string() })]).optional(),
  tcp: endpoint.optional(),
  rtuOverTcp: endpoint.optional(),
  baudRate: z.int(),
  parity: z.enum(["none", "even", "odd"]),
  stopBits: z.union([z.literal(1), z.literal(2)]),
  timeoutMs: z.int(),
  meters: z.array(
    z.object({
      unit: z.int(),
      profile: z.string(),
      role: z.enum(["connection", "generator"]),
      serialNumber: z.string().optional(),
    }),
  ),
});
export type AgentBus = z.infer<typeof bus>;

/** Of the agent's configuration, what the checks need; paths are absolute. */
const config = z.object({
  participant: z.string(),
  dataDir: z.string(),
  buses: z.array(bus),
  tpm: z.object({ device: z.string().optional(), swtpm: z.string().optional() }),
  slots: z.object({ seconds: z.int(), checkpointSeconds: z.int() }),
  ledger: z.object({
    endpoint: z.string(),
    tlsHostname: z.string(),
    tlsRootCertificate: z.string(),
    mspId: z.string(),
    certificate: z.string(),
    channel: z.string(),
  }),
  http: z.object({ host: z.string(), port: z.int() }),
});
export type AgentConfig = z.infer<typeof config>;

const inspected = z.object({
  config: config.optional(),
  problem: z.object({ code: z.string(), message: z.string() }).optional(),
  clock: z.object({
    quality: z.enum(["synchronised", "holdover", "unknown"]),
    keeper: z.string().nullable(),
    syncedAgoMs: z.number().nullable(),
    contradictions: z.array(z.string()),
  }),
});

export interface Inspected {
  readonly config: AgentConfig | undefined;
  /** Why the agent would refuse its configuration. */
  readonly problem: { readonly code: ErrorCode; readonly message: string } | undefined;
  readonly clock: z.infer<typeof inspected>["clock"];
}

/**
 * Has the agent's own code judge its configuration and the machine's clock, in a process of its own.
 * @param path of the configuration; undefined before there is one
 * @throws Error where the agent is not installed beside this command, or does not end
 */
export async function inspectAgent(
  path: string | undefined,
  signal?: AbortSignal,
): Promise<Inspected> {
  const args = [program, ...(path === undefined ? [] : ["--config", path])];
  const text = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      { timeout: 30_000, ...(signal && { signal }) },
      (error, out, err) => {
        if (error === null) resolve(out);
        else
          reject(
            new Error(`the agent's own check ended: ${err.trim() || error.message}`, {
              cause: error,
            }),
          );
      },
    );
  });
  const { config: found, problem, clock } = inspected.parse(JSON.parse(text));
  return {
    config: found,
    problem: problem && {
      code: codeOf(problem) ?? "config.invalid",
      message: problem.message,
    },
    clock,
  };
}
