import { X509Certificate } from "node:crypto";
import { withDevice } from "../../enrolment/device.js";
import { DeviceFiles } from "../../enrolment/device-files.js";
import { resultSchemas } from "../results.js";
import type { Step } from "../step.js";

/** Makes the device's keys in its TPM, where they stay; keys of an earlier run are kept. */
export const tpmStep: Step<"tpm"> = {
  id: "tpm",
  title: "Keys in the security chip",
  inputs: (_done, { places }) => places.tpm,
  result: resultSchemas.tpm,
  run: async (_done, { options, screen }) => {
    screen.text("making the keys; a chip takes some seconds");
    const files = await DeviceFiles.open(options.dataDir);
    return await withDevice(options.places.tpm, files, async ({ endorsement, identity }) => {
      const maker = endorsement.certificate && makerOf(endorsement.certificate);
      if (maker === undefined) {
        screen.text(
          "The chip has no certificate of its maker: the operator will see that, and may refuse it.",
        );
      }
      return { device: identity.device, maker: maker ?? null };
    });
  },
  summary: ({ device, maker }) =>
    `device ${device.slice(0, 16)}…, ${maker === null ? "no maker's certificate" : `certified by ${maker}`}`,
};

/** Who certified the chip, by the certificate's own word; the registrar checks it. */
function makerOf(certificate: Uint8Array): string {
  const { issuer } = new X509Certificate(certificate);
  const part = (name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(issuer)?.[1];
  return (part("O") ?? part("CN") ?? issuer).replace(/\p{C}/gu, "?").slice(0, 60);
}
