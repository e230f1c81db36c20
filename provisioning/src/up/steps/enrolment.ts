import { join } from "node:path";
import { CodedError, codeOf } from "@powershare/domain/errors";
import { RegistrarClient } from "@powershare/registrar-client";
import { readCertificates } from "../../certificate.js";
import { readResponse, takeResponse, writeRequest } from "../../enrolment/by-files.js";
import { type Declared, withDevice } from "../../enrolment/device.js";
import { DeviceFiles } from "../../enrolment/device-files.js";
import { enrolDevice } from "../../enrolment/enrol-device.js";
import { meterOf } from "../../enrolment/meters.js";
import { UnreadableInput } from "../../output.js";
import { qrLines } from "../qr.js";
import { text } from "../questions.js";
import { type InstalledMeter, resultSchemas, type StepResults } from "../results.js";
import { type Done, type Step, StepWaiting, type Tools } from "../step.js";

const nominalV = 230;
/** Where it is kept what the operator was asked to register. */
const askedPlace = "asked";

/** Asks the operator to enrol this device, and fetches its certificate; or both by files. */
export const enrolmentStep: Step<"enrolment"> = {
  id: "enrolment",
  title: "Enrol with the operator",
  inputs: (done) => ({ device: done("tpm").device, ...ledgerInputs(done("channels")) }),
  result: resultSchemas.enrolment,
  run: async (done, tools) => {
    const { options } = tools;
    const files = await DeviceFiles.open(options.dataDir);
    const declared = await declaredBy(done("channels"));
    await compareWithAsked(done, files, tools);
    if (options.responseFile !== undefined) {
      return await byResponse(files, options.responseFile, tools);
    }
    if (options.requestFile !== undefined) {
      return await byRequest(files, declared, options.requestFile, tools);
    }
    return await online(files, declared, tools);
  },
  summary: ({ participant }) => `this household is ${participant} on the ledger`,
};

interface LedgerInputs {
  readonly meters: readonly (Pick<InstalledMeter, "role" | "profile" | "serialNumber"> & {
    readonly limitW: number;
  })[];
  readonly equipment: NonNullable<Declared["equipment"]>;
}

/** What the ledger will hold; the rest are notes for the operator. */
function ledgerInputs({ meters, site }: StepResults["channels"]): LedgerInputs {
  const limitOf = ({ fuseA, phases, role }: InstalledMeter) =>
    role === "generator" && site.pv !== null ? site.pv.peakW : fuseA * nominalV * phases;
  return {
    meters: meters.map((meter) => ({
      role: meter.role,
      profile: meter.profile,
      serialNumber: meter.serialNumber,
      limitW: limitOf(meter),
    })),
    equipment: { storage: site.storage, ev: site.ev },
  };
}

async function declaredBy(household: StepResults["channels"]): Promise<Declared> {
  const { equipment, meters } = ledgerInputs(household);
  const { latitude, longitude, pv, sealNumber } = household.site;
  const connection = household.meters.find(({ role }) => role === "connection");
  return {
    meters: await Promise.all(meters.map(meterOf)),
    equipment,
    place: {
      // As text: what is signed has whole numbers only.
      latitude: String(latitude),
      longitude: String(longitude),
      ...(connection && { fuseA: connection.fuseA, phases: connection.phases }),
      ...(sealNumber !== null && { sealNumber }),
      ...(pv !== null && { pvPeakW: pv.peakW }),
    },
  };
}

/**
 * A request that says something else than is so today is given up.
 * @throws CodedError up.enrolled-otherwise where it was granted already
 */
async function compareWithAsked(done: Done, files: DeviceFiles, tools: Tools): Promise<void> {
  const { answers, earlier } = tools.file.state;
  const now = JSON.stringify(ledgerInputs(done("channels")));
  const asked = answers.enrolment?.[askedPlace] ?? earlier.enrolment?.[askedPlace];
  if (asked !== undefined && asked !== now) {
    if ((await files.membership()) !== undefined) {
      throw new CodedError(
        "up.enrolled-otherwise",
        "the operator enrolled this device with other meters or equipment than are declared now",
      );
    }
    await files.forgetPending();
  }
  answers.enrolment = { ...answers.enrolment, [askedPlace]: now };
  await tools.file.save();
}

async function online(
  files: DeviceFiles,
  declared: Declared,
  tools: Tools,
): Promise<StepResults["enrolment"]> {
  const { ask, options, screen, signal } = tools;
  const url = await ask.ask(
    text(
      { place: "operator/registrar", text: "Registrar's address, from the operator" },
      "https://HOST:PORT",
      /^https:\/\/[^\s/]+\/?$/,
    ),
  );
  const caFile = await ask.ask(
    text(
      { place: "operator/registrarCa", text: "File with its certificate, from the operator" },
      "a path",
      /^.+$/,
    ),
  );
  let timer: NodeJS.Timeout | undefined;
  try {
    const caPem = (await readCertificates(caFile)).join("");
    const client = new RegistrarClient({ url, caPem });
    const { participant } = await withDevice(options.places.tpm, files, (device) =>
      enrolDevice({
        client,
        declared,
        device,
        files,
        signal,
        waitMs: options.waitMs,
        onWaiting: async (ticket) => {
          await showCode(new URL(`/enrolments/${ticket.id}`, url).href, ticket.code, tools);
          const sinceMs = performance.now();
          timer = setInterval(() => {
            const minutes = Math.floor((performance.now() - sinceMs) / 60_000);
            screen.progress(`waiting for the operator since ${minutes} min; Ctrl-C is safe`);
          }, 1_000);
        },
      }),
    );
    await files.keepRegistrarCa(caPem);
    return { participant, registrar: url };
  } catch (error) {
    // One of both may have been mistyped.
    const isDoubtful =
      error instanceof UnreadableInput || codeOf(error) === "enrolment.unavailable";
    if (isDoubtful) await ask.forget((place) => place.startsWith("operator/"));
    throw error;
  } finally {
    clearInterval(timer);
  }
}

async function showCode(page: string, code: string, { options, screen }: Tools): Promise<void> {
  screen.gap();
  if (options.hasQrCode) for (const line of await qrLines(page)) screen.row(line);
  screen.row("The operator's page for it:");
  screen.row(page);
  screen.row(`Code ${code}: read it to the operator, who approves it.`);
}

async function byRequest(
  files: DeviceFiles,
  declared: Declared,
  path: string,
  { options }: Tools,
): Promise<never> {
  const code = await withDevice(options.places.tpm, files, (device) =>
    writeRequest({ device, files }, declared, path),
  );
  throw new StepWaiting(`the request is in ${path}, its code is ${code}`, [
    "Take the file to the operator and read the code out. With the operator's",
    "answer: powershare up --response FILE",
  ]);
}

async function byResponse(
  files: DeviceFiles,
  path: string,
  { options }: Tools,
): Promise<StepResults["enrolment"]> {
  const response = await readResponse(path);
  const next = join(options.dataDir, "certificate-request.json");
  const state = await withDevice(options.places.tpm, files, (device) =>
    takeResponse({ device, files }, response, next),
  );
  const membership = await files.membership();
  if (state === "answered" || membership === undefined) {
    throw new StepWaiting(`the certificate request is in ${next}`, [
      "Take the file to the operator. With the operator's second answer:",
      "powershare up --response FILE",
    ]);
  }
  return { participant: membership.participant, registrar: null };
}
