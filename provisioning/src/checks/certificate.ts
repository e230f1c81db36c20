import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Check, type Finding, ill, well } from "./types.js";

const dayMs = 86_400_000;
/** The agent renews it in the last 30 days; with half of them gone, something keeps it from that. */
const leastDays = 15;

export interface CertificateOptions {
  readonly path: string;
  readonly participant: string;
  readonly nowMs: () => number;
  /** SubjectPublicKeyInfo of the key in the TPM, DER; undefined where it cannot be known now. */
  readonly readingSpki: () => Promise<Uint8Array | undefined>;
}

/** Whether the device's certificate is there, in time, its household's, and for the key in the TPM. */
export function certificateCheck(options: CertificateOptions): Check {
  const { path, participant, nowMs } = options;
  return {
    id: "certificate",
    title: "Certificate",
    run: async () => {
      const text = await readFile(path, "utf8").catch(() => undefined);
      if (text === undefined) return ill("device.certificate", `${path} cannot be read`);
      const certificate = parsed(text);
      if (certificate === undefined) return ill("device.certificate", `${path} holds none`);
      const name = /^CN=(.*)$/m.exec(certificate.subject)?.[1];
      if (name !== participant) {
        return ill("device.certificate", `it is ${name}'s, the configuration is ${participant}'s`);
      }
      const spki = await options.readingSpki().catch(() => undefined);
      const key = certificate.publicKey.export({ type: "spki", format: "der" });
      if (spki !== undefined && !key.equals(spki)) {
        return ill("device.certificate", "it is for another key than the one in this TPM");
      }
      return inTime(certificate, nowMs(), spki === undefined ? "" : ", for the key in the TPM");
    },
  };
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function inTime(
  { validFrom, validTo, issuer }: X509Certificate,
  nowMs: number,
  more: string,
): Finding {
  const by = /^CN=(.*)$/m.exec(issuer)?.[1] ?? "nobody named";
  if (nowMs < Date.parse(validFrom)) {
    return ill(
      "clock.unknown",
      `it begins ${validFrom}, and the clock is at ${new Date(nowMs).toISOString()}`,
    );
  }
  const days = Math.floor((Date.parse(validTo) - nowMs) / dayMs);
  if (nowMs > Date.parse(validTo)) return ill("device.certificate-ends", `expired ${validTo}`);
  const text = `by ${by}, ${days} days left${more}`;
  return days < leastDays ? ill("device.certificate-ends", text) : well(text);
}
