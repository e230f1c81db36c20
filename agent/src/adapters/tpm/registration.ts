import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type EvidenceFile, evidenceFile } from "@powershare/domain/evidence";

/** What `powershare enrol` left for the operator: the public side of the identity. Undefined if it is not there. */
export function readRegistration(
  dataDir: string,
  certificate: string,
): EvidenceFile["device"] | undefined {
  const path = join(dataDir, "registration.json");
  if (!existsSync(path)) return undefined;
  const registration: unknown = JSON.parse(readFileSync(path, "utf8"));
  // Read anew each time: it is renewed while the agent runs.
  const certificatePem = () => readFileSync(certificate, "utf8");
  return {
    ...evidenceFile.shape.device.parse({
      ...Object(registration),
      certificatePem: certificatePem(),
    }),
    get certificatePem() {
      return certificatePem();
    },
  };
}
