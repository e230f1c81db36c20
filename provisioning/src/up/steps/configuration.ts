import { createHash } from "node:crypto";
import { mkdir, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { loadProfile } from "@powershare/firmware-profiles";
import { stringify } from "yaml";
import { DeviceFiles, writeWhole } from "../../enrolment/device-files.js";
import { UnreadableInput } from "../../output.js";
import { type Line, lineName } from "../../scan/line.js";
import { type InstalledMeter, resultSchemas } from "../results.js";
import type { Done, Step, UpOptions } from "../step.js";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Writes the agent's configuration. What a person has changed in it is put aside, never overwritten. */
export const configurationStep: Step<"configuration"> = {
  id: "configuration",
  title: "Configure the agent",
  inputs: (done, { places }) => ({
    places,
    household: done("channels"),
    enrolment: done("enrolment"),
  }),
  result: resultSchemas.configuration,
  run: async (done, { file, now, options, screen }) => {
    const path = options.places.config;
    const text = await configurationText(done, options);
    const earlier = file.state.steps.configuration?.result;
    const own = resultSchemas.configuration.safeParse(earlier).data?.sha256;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      const found = await readFile(path, "utf8").catch(() => undefined);
      if (found !== undefined && found !== text && sha256(found) !== own) {
        const aside = `${path}.before-${now().toISOString().replaceAll(/[:.]/g, "-")}`;
        await rename(path, aside);
        screen.text(`What was there is kept as ${aside}`);
      }
      await writeWhole(path, text, 0o644);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new UnreadableInput(
        `the configuration cannot be written (--config names another place): ${reason}`,
        { cause },
      );
    }
    return { path, sha256: sha256(text) };
  },
  summary: ({ path }) => path,
};

/** As the agent reads it; docs/operating/run-a-household.md explains each key. */
async function configurationText(done: Done, { dataDir, places }: UpOptions): Promise<string> {
  const files = await DeviceFiles.open(dataDir);
  const membership = await files.membership();
  if (membership === undefined) {
    throw new UnreadableInput(`${dataDir} holds no network.json any more: --redo enrolment`);
  }
  const { endpoint, tlsHostname, mspId, channel, chaincode } = membership.network;
  const { meters, site } = done("channels");
  const { registrar } = done("enrolment");
  const { sealNumber, ...rest } = site;
  const { tpm } = places;
  const port = new URL(places.agentUrl).port;
  const config = {
    participant: membership.participant,
    dataDir,
    buses: busesOf(meters),
    site: { ...rest, ...(sealNumber !== null && { sealNumber }) },
    tpm: "tpmDevice" in tpm ? { device: tpm.tpmDevice } : tpm,
    slots: { seconds: places.slotSeconds },
    ledger: {
      endpoint,
      tlsHostname,
      tlsRootCertificate: join(dataDir, "peer-tls.pem"),
      mspId,
      certificate: files.certificatePath,
      channel,
      chaincode,
    },
    ...(registrar !== null && {
      registrar: { url: registrar, tlsRootCertificate: files.registrarCaPath },
    }),
    http: { port: Number(port === "" ? 80 : port) },
  };
  const head = "# Written by powershare up. docs/operating/run-a-household.md explains each key.\n";
  return head + stringify(config, { lineWidth: 0 });
}

function busesOf(meters: readonly InstalledMeter[]) {
  const lines = [...new Set(meters.map(({ line }) => lineName(line)))];
  return lines.map((name, index) => {
    const own = meters.filter(({ line }) => lineName(line) === name);
    const [first] = own;
    const { baudRate, parity } = first?.setting ?? {};
    // The scan sends two, which every meter takes; what is sent from now on is what they ask for.
    const stopBits = Math.max(
      ...own.map(({ profile }) => loadProfile(profile).serial?.stopBits ?? 1),
    );
    return {
      id: `line${index + 1}`,
      ...(first && placeOf(first.line)),
      ...(baudRate !== undefined && { baudRate, parity, stopBits }),
      meters: own.map(({ unit, profile, role, serialNumber, fuseA, phases }) => ({
        unit,
        profile,
        role,
        serialNumber,
        fuseA,
        phases,
      })),
    };
  });
}

function placeOf(line: Line): Record<string, string> {
  if ("serial" in line) return line;
  return { ["tcp" in line ? "tcp" : "rtuOverTcp"]: lineName(line) };
}
