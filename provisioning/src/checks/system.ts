import { clockCheck } from "./clock.js";
import { dataDirCheck, diskCheck, nodeCheck } from "./machine.js";
import { serialCheck } from "./serial.js";
import { tpmChecks } from "./tpm.js";
import type { Check, SystemOptions } from "./types.js";

/** What has to be right on a machine before a household is set up on it. */
export function systemChecks({ dataDir, tpm, serialPorts }: SystemOptions): readonly Check[] {
  const { chip, endorsement } = tpmChecks({ tpm, dataDir });
  return [
    nodeCheck(),
    clockCheck(),
    diskCheck(dataDir),
    dataDirCheck(dataDir),
    chip,
    endorsement,
    ...serialPorts.map((path) => serialCheck(path)),
  ];
}
