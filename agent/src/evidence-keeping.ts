import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installedSoftware } from "./adapters/software/installed.js";
import { measurementFile } from "./adapters/software/measurement-file.js";
import { readRegistration } from "./adapters/tpm/registration.js";
import {
  type EvidenceExport,
  type EvidenceExportOptions,
  evidenceExport,
} from "./app/export-evidence.js";
import type { Loop } from "./app/loop.js";
import { type QuoteSoftwareOptions, quoteSoftware } from "./app/quote-software.js";
import type { Config } from "./config/schema.js";

/** Of the agent, as evidence names it. */
const version = "0.1.0";

/** What the local API gives away of evidence. */
export function evidenceSources(
  options: Omit<EvidenceExportOptions, "device" | "version">,
  { dataDir, ledger }: Pick<Config, "dataDir" | "ledger">,
): { readonly device: EvidenceExportOptions["device"]; readonly evidence: EvidenceExport } {
  const device = readRegistration(dataDir, ledger.certificate);
  return { device, evidence: evidenceExport({ ...options, device, version }) };
}

/** Measures and quotes what this process runs. */
export function quoteInstalled(
  options: Omit<QuoteSoftwareOptions, "software" | "measurements">,
  paths: { readonly dataDir: string; readonly configuration: string },
): Loop {
  const own = fileURLToPath(import.meta.url);
  return quoteSoftware({
    ...options,
    measurements: measurementFile(join(paths.dataDir, "measured.json")),
    software: () => installedSoftware(version, own, paths.configuration),
  });
}
