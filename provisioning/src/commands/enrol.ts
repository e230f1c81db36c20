import { placeNotes } from "@powershare/domain/enrolment";
import { participantId } from "@powershare/domain/ledger";
import { RegistrarClient } from "@powershare/registrar-client";
import { type Command, InvalidArgumentError, Option } from "commander";
import { wholeNumber } from "../arguments.js";
import { readCertificates } from "../certificate.js";
import { readFileOf, readResponse, takeResponse, writeRequest } from "../enrolment/by-files.js";
import { type Declared, type OpenDevice, withDevice } from "../enrolment/device.js";
import { DeviceFiles } from "../enrolment/device-files.js";
import { enrolDevice, renewDevice } from "../enrolment/enrol-device.js";
import { type DeclaredMeter, declaredMeter, meterOf } from "../enrolment/meters.js";
import { isRefusal } from "../enrolment/refusal.js";
import { answerNo, fail, print, say, UnreadableInput } from "../output.js";

interface EnrolOptions {
  readonly tpmDevice?: string;
  readonly swtpm?: string;
  readonly registrar?: string;
  readonly registrarCa?: string;
  readonly meter: readonly DeclaredMeter[];
  readonly storage?: "none" | "ac" | "dc";
  readonly ev?: boolean;
  readonly place?: string;
  readonly replaces?: string;
  readonly request?: string;
  readonly response?: string;
  readonly certificateRequest?: string;
  readonly renew?: boolean;
  readonly renewWithin: number;
  readonly wait: number;
  readonly out: string;
  readonly json?: boolean;
}

const example = `
Example:
  powershare enrol --tpm-device /dev/tpmrm0 --out /var/lib/powershare \\
    --registrar https://registrar.example.org:8443 --registrar-ca registrar-ca.pem \\
    --meter connection=eastron/sdm630:12345678

It shows a code; read it to the operator, who approves. It may be interrupted and repeated.
Without a network: --request FILE, and when the operator's answer came, --response FILE, twice.`;

/** `powershare enrol`: an identity in the TPM, and its certificate by way of the operator's registrar. */
export function registerEnrolCommands(program: Command): void {
  program
    .command("enrol")
    .summary("make this device's identity in its TPM and have the operator certify it")
    .description(
      "Make this device's identity in its TPM, ask the operator's registrar to enrol it, wait for the operator, and fetch the certificate. Writes into DIR: identity.json, registration.json, certificate.pem, network.json and peer-tls.pem.",
    )
    .addOption(new Option("--tpm-device <path>", "TPM, e.g. /dev/tpmrm0").conflicts("swtpm"))
    .option("--swtpm <path>", "socket of a software TPM")
    .requiredOption("--out <dir>", "the agent's dataDir")
    .option(
      "--registrar <url>",
      "the operator's registrar, e.g. https://registrar.example.org:8443",
      httpsUrl,
    )
    .option("--registrar-ca <file>", "certificate that the registrar's TLS certificate chains to")
    .option(
      "--meter <role=profile:serial>",
      "a meter, e.g. connection=eastron/sdm630:12345678; repeatable",
      collectMeter,
      [],
    )
    .addOption(
      new Option("--storage <side>", "a battery, and on which side of the inverter").choices([
        "none",
        "ac",
        "dc",
      ]),
    )
    .option("--ev", "an electric car is charged here")
    .option("--place <file>", "JSON with notes of the place: fuse rating, phases, seal number")
    .option(
      "--replaces <participant>",
      "this TPM takes the place of the participant's",
      participant,
    )
    .addOption(
      new Option("--request <file>", "write the request instead of sending it").conflicts([
        "registrar",
        "response",
        "renew",
      ]),
    )
    .addOption(
      new Option("--response <file>", "take the operator's response").conflicts([
        "registrar",
        "renew",
      ]),
    )
    .option(
      "--certificate-request <file>",
      "where --response writes the certificate request (default: DIR/certificate-request.json)",
    )
    .option("--renew", "renew the certificate, if it is due")
    .option(
      "--renew-within <days>",
      "with --renew: only when it has no more days left",
      wholeNumber(1, 365),
      30,
    )
    .option("--wait <minutes>", "how long to wait for the operator", wholeNumber(1, 10_080), 60)
    .option("--json", "print the result as JSON")
    .addHelpText("after", example)
    .action(async (options: EnrolOptions) => {
      try {
        await enrol(options);
      } catch (error) {
        fail(error);
        if (isRefusal(error)) process.exitCode = answerNo;
      }
    });
}

async function enrol(options: EnrolOptions): Promise<void> {
  if ((options.tpmDevice ?? options.swtpm) === undefined) {
    throw new UnreadableInput("expected --tpm-device or --swtpm");
  }
  const work = await workOf(options);
  const files = await DeviceFiles.open(options.out);
  const result = await withDevice(options, files, (device) => {
    if (device.isKnown) say(`the keys in ${files.folder} are kept`);
    return work({ device, files });
  });
  if (options.json === true) print(JSON.stringify(result));
  else print(result.text);
}

interface Result {
  readonly device: string;
  readonly text: string;
  readonly [more: string]: unknown;
}
type Work = (place: { device: OpenDevice; files: DeviceFiles }) => Promise<Result>;

/** What is to be done, with all of its input read and checked before anything is made. */
async function workOf(options: EnrolOptions): Promise<Work> {
  const { request, response } = options;
  if (response !== undefined) {
    const answer = await readResponse(response);
    const next = options.certificateRequest ?? `${options.out}/certificate-request.json`;
    return async (place) => {
      const state = await takeResponse(place, answer, next);
      const text =
        state === "enrolled" ? "enrolled" : `certificate request for the operator: ${next}`;
      return { device: place.device.identity.device, state, text };
    };
  }
  if (options.renew === true) return renewal(await clientOf(options), options);
  const declared = await declaredBy(options);
  if (request !== undefined) {
    return async (place) => {
      const code = await writeRequest(place, declared, request);
      return {
        device: place.device.identity.device,
        code,
        text: `code ${code}; request for the operator: ${request}`,
      };
    };
  }
  return enrolment(await clientOf(options), declared, options);
}

function renewal(client: RegistrarClient, { renewWithin: withinDays }: EnrolOptions): Work {
  return async ({ device, files }) => {
    const renewed = await renewDevice({ device, files, client, withinDays });
    const text = renewed
      ? "renewed: restart the agent"
      : `not due: more than ${withinDays} days left`;
    return { device: device.identity.device, renewed, text };
  };
}

function enrolment(client: RegistrarClient, declared: Declared, { wait }: EnrolOptions): Work {
  return async ({ device, files }) => {
    const { participant: id } = await enrolDevice({
      device,
      files,
      client,
      declared,
      waitMs: wait * 60_000,
      onWaiting: ({ code }) => say(`code ${code}: read it to the operator; waiting for approval`),
    });
    const { device: of } = device.identity;
    return {
      device: of,
      participant: id,
      text: `${id} is enrolled; certificate: ${files.certificatePath}`,
    };
  };
}

async function clientOf({ registrar, registrarCa }: EnrolOptions): Promise<RegistrarClient> {
  if (registrar === undefined || registrarCa === undefined) {
    throw new UnreadableInput(
      "expected --registrar and --registrar-ca, or --request, or --response",
    );
  }
  return new RegistrarClient({
    url: registrar,
    caPem: (await readCertificates(registrarCa)).join(""),
  });
}

async function declaredBy({
  ev,
  meter,
  place,
  replaces,
  storage,
}: EnrolOptions): Promise<Declared> {
  if (!meter.some(({ role }) => role === "connection")) {
    throw new UnreadableInput(
      "expected --meter connection=PROFILE:SERIAL, the meter where house meets grid",
    );
  }
  return {
    meters: await Promise.all(meter.map(meterOf)),
    ...(storage === undefined ? {} : { equipment: { storage, ev: ev === true } }),
    ...(place === undefined ? {} : { place: await readFileOf(place, placeNotes) }),
    ...(replaces === undefined ? {} : { replaces }),
  };
}

function collectMeter(text: string, before: readonly DeclaredMeter[]): DeclaredMeter[] {
  return [...before, declaredMeter(text)];
}

function participant(text: string): string {
  if (participantId.safeParse(text).success) return text;
  throw new InvalidArgumentError("expected a participant's id");
}

export function httpsUrl(text: string): string {
  if (!URL.canParse(text) || new URL(text).protocol !== "https:") {
    throw new InvalidArgumentError("expected https://HOST:PORT");
  }
  return text;
}
