import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { AgentApi } from "./agent-api.js";
import { certificateCheck } from "./certificate.js";
import { clockCheck } from "./clock.js";
import type { AgentConfig, Inspected } from "./inspect.js";
import { dataDirCheck, diskCheck, nodeCheck } from "./machine.js";
import { busCheck } from "./meters-answer.js";
import { peerCheck, registrarCheck } from "./network.js";
import { agentChecks } from "./running-agent.js";
import { serialCheck } from "./serial.js";
import { hasSystemd, serviceCheck } from "./service.js";
import { tpmChecks } from "./tpm.js";
import { type Check, well } from "./types.js";

export interface HouseholdOptions {
  readonly config: AgentConfig;
  readonly clock: Inspected["clock"];
  readonly api: AgentApi;
  /** Whether the agent answers: it then holds the lines and the TPM, and is asked instead. */
  readonly running: boolean;
  /** The systemd unit that runs the agent. */
  readonly unit: string;
  readonly registrar?: { readonly url: string; readonly caFile: string };
  readonly nowMs: () => number;
}

/** Everything that can be wrong on a household's device, in the order in which it is best mended. */
export function householdChecks(options: HouseholdOptions): readonly Check[] {
  const { config, api, running, registrar, nowMs, unit } = options;
  const { ledger, buses, slots } = config;
  const agent = agentChecks({ api, ...checkpointing(slots), nowMs });
  return [
    nodeCheck(),
    clockCheck(async (signal) =>
      running ? (await api.overview(signal)).health.clock : options.clock,
    ),
    diskCheck(config.dataDir),
    dataDirCheck(config.dataDir),
    ...securityChecks(options),
    peerCheck(ledger),
    ...(registrar === undefined ? [] : [registrarCheck(registrar.url, registrar.caFile)]),
    ...buses.flatMap((bus) => [
      ...(bus.serial === undefined ? [] : [portCheck(bus.serial, options)]),
      ...(running ? [] : [busCheck(bus)]),
    ]),
    ...(hasSystemd() ? [serviceCheck({ unit })] : []),
    ...(running ? agent : agent.slice(0, 1)),
  ];
}

const checkpointing = ({ seconds, checkpointSeconds }: AgentConfig["slots"]) => ({
  slotSeconds: seconds,
  checkpointSeconds,
});

/** TPM, keys and certificate. */
function securityChecks({ config, running, nowMs }: HouseholdOptions): Check[] {
  const { tpm: address, dataDir, participant, ledger } = config;
  const { device, swtpm } = address;
  const tpm = tpmChecks({ tpm: { tpmDevice: device, swtpm }, dataDir, withKeys: !running });
  // A kernel's device is shared, swtpm serves one program at a time.
  const visits = running && device === undefined ? [] : [tpm.chip, tpm.endorsement];
  return [
    ...visits,
    ...(running ? [] : [tpm.keys]),
    certificateCheck({
      path: ledger.certificate,
      participant,
      nowMs,
      readingSpki: () => (running ? registeredSpki(dataDir) : tpm.readingSpki()),
    }),
  ];
}

const registration = z.object({ readingKey: z.string().regex(/^([0-9a-f]{2})+$/) });

/** The reading key that `enrol` wrote down. */
async function registeredSpki(dataDir: string): Promise<Uint8Array> {
  const { publicToSpki } = await import("node-tpm2");
  const text = await readFile(join(dataDir, "registration.json"), "utf8");
  const { readingKey } = registration.parse(JSON.parse(text));
  return publicToSpki(Uint8Array.from(Buffer.from(readingKey, "hex")));
}

function portCheck(
  serial: string | { readonly adapter: string },
  { api, running }: HouseholdOptions,
): Check {
  const isRead = async (): Promise<boolean> =>
    running && (await api.overview()).health.bus.code !== "bus.port-missing";
  if (typeof serial === "string") return serialCheck(serial, { readByAgent: isRead });
  const { adapter } = serial;
  return {
    id: `serial ${adapter}`,
    title: "Serial adapter",
    run: async (signal) => {
      const { listUsbPorts } = await import("@powershare/modbus");
      const all = await listUsbPorts();
      const ports = all.filter(
        ({ serialNumber, product }) =>
          serialNumber === adapter || product === adapter.toLowerCase(),
      );
      const [port] = ports;
      if (port !== undefined) return serialCheck(port.path, { readByAgent: isRead }).run(signal);
      const others = all.map(({ path, product }) => `${product} at ${path}`).join(", ");
      return {
        ok: false,
        code: "bus.port-missing",
        detail: `${adapter} is not plugged in; there are: ${others === "" ? "none" : others}`,
      };
    },
  };
}

/** The configuration was read and judged before anything else. */
export const configCheck = (path: string): Check => ({
  id: "config",
  title: "Configuration",
  run: async () => well(path),
});
