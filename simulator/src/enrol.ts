import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CodedError } from "@powershare/domain/errors";
import { type Registration, registration } from "@powershare/domain/ledger";
import type { Organisation } from "@powershare/fabric";
import { Child } from "./child.js";

const program = fileURLToPath(new URL("../../provisioning/bin/powershare.js", import.meta.url));
const withinMs = 60_000;

type Resident = Extract<Registration, { kind: "resident" }>;
/** What the TPM says of itself, for the registration on the ledger. */
export type TpmIdentity = Pick<
  Resident,
  "attestationKey" | "certification" | "counterName" | "device" | "readingKey"
>;

export interface EnrolOptions {
  readonly participant: string;
  readonly microgrid: string;
  readonly community: Organisation;
  /** Socket of the household's TPM. */
  readonly swtpm: string;
  /** The household's directory; the agent's data directory is `data` in it. */
  readonly directory: string;
}
const [residentSchema] = registration.options;

/**
 * Does as installer and operator do: the device makes its identity, the operator registers it at
 * the CA, and the device enrols with the one-time secret. Leaves the agent's data directory ready.
 * @throws CodedError `simulator.process-failed` with the log of `powershare enrol`
 */
export async function enrol(options: EnrolOptions): Promise<TpmIdentity> {
  const { community, directory, microgrid, participant, swtpm } = options;
  const out = join(directory, "data");
  const device = ["--swtpm", swtpm, "--out", out];
  await powershare(directory, device);
  const identity = readIdentity(join(out, "registration.json"));
  const secret = await community.register({
    id: participant,
    type: "client",
    attributes: { role: "resident", microgrid, participant, device: identity.device },
    maxEnrollments: 1,
  });
  const secretFile = join(directory, "secret");
  const caTls = join(directory, "ca-tls.pem");
  writeFileSync(secretFile, secret, { mode: 0o600 });
  writeFileSync(caTls, community.caTlsCertificatePem);
  await powershare(directory, [
    ...device,
    "--id",
    participant,
    "--ca-url",
    community.caUrl,
    "--ca-name",
    community.caName,
    "--ca-certificate",
    caTls,
    "--secret-file",
    secretFile,
  ]);
  return identity;
}

function readIdentity(file: string): TpmIdentity {
  return residentSchema
    .pick({
      attestationKey: true,
      certification: true,
      counterName: true,
      device: true,
      readingKey: true,
    })
    .parse(JSON.parse(readFileSync(file, "utf8")));
}

async function powershare(directory: string, args: readonly string[]): Promise<void> {
  const logFile = join(directory, "enrol.log");
  const child = await Child.start({
    name: "powershare enrol",
    command: process.execPath,
    args: [program, "enrol", ...args],
    logFile,
  });
  const timer = setTimeout(() => child.signal("SIGKILL"), withinMs);
  const end = await child.ended;
  clearTimeout(timer);
  if (end !== 0) {
    throw new CodedError(
      "simulator.process-failed",
      `powershare enrol ended with ${end}: ${readFileSync(logFile, "utf8").trim()}`,
    );
  }
}
