import { dirname, join } from "node:path";
import { writeWhole } from "../../enrolment/device-files.js";
import type { HandoverMeter, HandoverPage } from "../../handover/types.js";
import { UnreadableInput } from "../../output.js";
import { type InstalledMeter, resultSchemas } from "../results.js";
import type { Done, Step, UpOptions } from "../step.js";

/** Writes the page that stays with the household, to be printed. */
export const pageStep: Step<"page"> = {
  id: "page",
  title: "Page for the household",
  inputs: (done, { places }) => ({
    channels: done("channels"),
    wiring: done("wiring"),
    enrolment: done("enrolment"),
    places,
  }),
  result: resultSchemas.page,
  run: async (done, { now, options }) => {
    const [{ handoverHtml }, { handoverPdf }] = await Promise.all([
      import("../../handover/html.js"),
      import("../../handover/pdf.js"),
    ]);
    const page = pageOf(done, options, now());
    const folder = dirname(options.places.config);
    const paths = { html: join(folder, "handover.html"), pdf: join(folder, "handover.pdf") };
    const [html, pdf] = await Promise.all([handoverHtml(page), handoverPdf(page)]);
    try {
      await writeWhole(paths.html, html, 0o644);
      await writeWhole(paths.pdf, pdf, 0o644);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new UnreadableInput(`the page cannot be written: ${reason}`, { cause });
    }
    return paths;
  },
  summary: ({ pdf }) => `print ${pdf}`,
};

function pageOf(done: Done, { places }: UpOptions, now: Date): HandoverPage {
  const { contact, language, meters, site } = done("channels");
  const { participant, registrar } = done("enrolment");
  const { ev, latitude, longitude, pv, sealNumber, storage } = site;
  return {
    language,
    participant,
    device: done("tpm").device,
    at: now.toISOString(),
    meters: meters.map(meterOf),
    storage,
    ev,
    place: { latitude, longitude },
    ...(pv !== null && { pv }),
    ...(sealNumber !== null && { sealNumber }),
    signTest: done("wiring").outcome === "passed" ? "passed" : "not-done",
    operator: { contact, registrar: registrar ?? "-" },
    pageUrl: places.agentUrl,
  };
}

function meterOf(meter: InstalledMeter): HandoverMeter {
  const { fuseA, phases, profile, registers, role, serialNumber } = meter;
  return { fuseA, phases, profile, registers, role, serialNumber };
}
