import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CodedError } from "@powershare/domain/errors";
import { z } from "zod";
import { Child, waitFor } from "./child.js";
import type { RegistrarProcess } from "./registrar.js";

const program = fileURLToPath(new URL("../../provisioning/bin/powershare.js", import.meta.url));
const withinMs = 90_000;

export interface EnrolOptions {
  readonly participant: string;
  readonly source: string;
  /** As `powershare enrol --meter` takes them. */
  readonly meters: readonly string[];
  readonly storage: "none" | "ac";
  readonly registrar: RegistrarProcess;
  /** Socket of the household's TPM. */
  readonly swtpm: string;
  /** The household's directory; the agent's data directory is `data` in it. */
  readonly directory: string;
  /** Settles when the ledger can take households. */
  readonly ready: Promise<unknown>;
}

const asked = z.object({ id: z.string(), code: z.string() });

/**
 * Does as installer and operator do: the device makes its keys and asks, the installer reads its code out, the
 * operator approves, and the device fetches its certificate. Leaves the agent's data directory ready.
 * @throws CodedError `simulator.process-failed` with the log of `powershare enrol`
 */
export async function enrol(options: EnrolOptions): Promise<void> {
  const { directory, participant, ready, registrar, source } = options;
  const logFile = join(directory, "enrol.log");
  const child = await Child.start({
    name: "powershare enrol",
    command: process.execPath,
    args: argumentsOf(options),
    logFile,
  });
  const timer = setTimeout(() => child.signal("SIGKILL"), withinMs);
  try {
    const request = await waitFor(
      `the request of ${participant}, see ${logFile}`,
      () => (child.running ? readRequest(directory) : failed(logFile)),
      { withinMs, everyMs: 50 },
    );
    await ready;
    await registrar.approve({ ...request, participant, source });
    if ((await child.ended) !== 0) failed(logFile);
  } finally {
    clearTimeout(timer);
    child.signal("SIGKILL");
  }
}

function argumentsOf({ directory, meters, registrar, storage, swtpm }: EnrolOptions): string[] {
  const out = join(directory, "data");
  const at = ["--registrar", registrar.url, "--registrar-ca", registrar.caFile];
  const declared = meters.flatMap((meter) => ["--meter", meter]);
  return [
    program,
    "enrol",
    "--swtpm",
    swtpm,
    "--out",
    out,
    "--storage",
    storage,
    ...at,
    ...declared,
  ];
}

/** What the device shows on its screen. */
function readRequest(directory: string): z.infer<typeof asked> | undefined {
  try {
    return asked.parse(JSON.parse(readFileSync(join(directory, "data", "enrolment.json"), "utf8")));
  } catch {
    return undefined;
  }
}

function failed(logFile: string): never {
  throw new CodedError(
    "simulator.process-failed",
    `powershare enrol failed: ${readFileSync(logFile, "utf8").trim()}`,
  );
}
