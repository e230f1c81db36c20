import { readFileSync } from "node:fs";
import { enrolmentRequest, networkAccess } from "@powershare/domain/enrolment";
import { CodedError } from "@powershare/domain/errors";
import { type Command, Option } from "commander";
import { z } from "zod";
import { readFileOf } from "../enrolment/by-files.js";
import { withDevice } from "../enrolment/device.js";
import { DeviceFiles } from "../enrolment/device-files.js";
import { replacingDevice, sameKeys } from "../enrolment/replacement.js";
import { readText } from "../input-file.js";
import { answerNo, fail, print, tellingCode, UnreadableInput } from "../output.js";

interface AgreeOptions {
  readonly tpmDevice?: string;
  readonly swtpm?: string;
  readonly out: string;
  readonly request: string;
  readonly code: string;
  readonly json?: boolean;
}

interface ConfirmOptions {
  readonly ledger: string;
  readonly participant: string;
  readonly request: string;
  readonly code: string;
  readonly json?: boolean;
}

const fromRequest = (command: Command): Command =>
  command
    .requiredOption(
      "--request <file>",
      "the new device's request, as `enrol --replaces --request` wrote it",
    )
    .requiredOption("--code <code>", "as the new device shows it")
    .option("--json", "print the result as JSON");

/** `powershare agree-replacement`: the household's word, by its old key. */
export function registerReplacementCommands(program: Command): void {
  const command = program
    .command("agree-replacement")
    .summary("agree, by this device's key, that another TPM takes its place")
    .description(
      "Ask on the ledger, signed by this device's key, that another TPM takes its place. The operator confirms it when approving the new device.",
    )
    .addOption(new Option("--tpm-device <path>", "TPM, e.g. /dev/tpmrm0").conflicts("swtpm"))
    .option("--swtpm <path>", "socket of a software TPM")
    .requiredOption("--out <dir>", "this device's dataDir");
  fromRequest(command).action((options: AgreeOptions) => run(() => agree(options)));
}

/** `powershare operator replacement confirm`: the utility's word where the old key is lost. */
export function registerConfirmCommand(operator: Command): void {
  const command = operator
    .command("replacement")
    .description("TPMs that take another's place")
    .command("confirm")
    .description(
      "As the household's utility: confirm on the ledger what the operator asked for because the old key is lost. Check with the household first, and take the code from its new device.",
    )
    .requiredOption(
      "--ledger <file>",
      "JSON: endpoint, tlsHostname, tlsRootCertificatePem, mspId, channel, chaincode, and the paths certificate and key",
    )
    .requiredOption("--participant <id>", "the household");
  fromRequest(command).action((options: ConfirmOptions) => run(() => confirm(options)));
}

async function agree(options: AgreeOptions): Promise<void> {
  if ((options.tpmDevice ?? options.swtpm) === undefined) {
    throw new UnreadableInput("expected --tpm-device or --swtpm");
  }
  const request = await readFileOf(options.request, enrolmentRequest);
  const files = await DeviceFiles.open(options.out);
  const membership = await files.membership();
  if (membership === undefined) throw new UnreadableInput(`${options.out} holds no network.json`);
  const { network, participant } = membership;
  const device = await replacingDevice(request, { participant, code: options.code });
  const [{ connectLedger }, { toDerLowS }] = await Promise.all([
    import("@powershare/ledger-client"),
    import("node-tpm2"),
  ]);
  const effect = await withDevice(options, files, async ({ identity }) => {
    const client = connectLedger({
      ...network,
      certificatePem: readFileSync(files.certificatePath, "utf8"),
      sign: async (digest) => toDerLowS(await identity.sign(digest)),
    });
    try {
      return (await client.transact("participants:AskDeviceReplacement", { participant, device }))
        .effect;
    } finally {
      await client.close();
    }
  });
  const result = { participant, device: device.device, effect };
  print(
    options.json === true
      ? JSON.stringify(result)
      : `asked: the operator has to confirm ${device.device}`,
  );
}

const ledgerFile = networkAccess.extend({ certificate: z.string(), key: z.string() });

async function confirm(options: ConfirmOptions): Promise<void> {
  const { participant } = options;
  const request = await readFileOf(options.request, enrolmentRequest);
  const wanted = await replacingDevice(request, { participant, code: options.code });
  const { certificate, key, ...network } = await readFileOf(options.ledger, ledgerFile);
  const [certificatePem, keyPem] = await Promise.all([readText(certificate, 1), readText(key, 1)]);
  const { connectLedger, softwareSigner } = await import("@powershare/ledger-client");
  const client = connectLedger({ ...network, certificatePem, sign: softwareSigner(keyPem) });
  try {
    const asked = await client.read("participants:ReadDeviceReplacement", { participant });
    if (asked === null || !sameKeys(asked.device, wanted)) {
      throw new CodedError(
        "participants.replacement",
        `nobody asked for this device for ${participant}`,
      );
    }
    const { device } = asked;
    await client.transact("participants:ConfirmDeviceReplacement", { participant, device });
    const result = { participant, device: device.device };
    print(
      options.json === true
        ? JSON.stringify(result)
        : `confirmed: ${participant} has device ${device.device}`,
    );
  } finally {
    await client.close();
  }
}

async function run(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    fail(error);
    if (/^(access|enrolment|participants)\./.test(tellingCode(error) ?? "")) {
      process.exitCode = answerNo;
    }
  }
}
