import { CodedError } from "@powershare/domain/errors";
import { loadProfile, type Values } from "@powershare/firmware-profiles";
import { shownQuantities, voltageRangeV } from "../../scan/physics.js";
import { meterName, meterPlaceText, type OpenMeters, openMeters } from "../meters.js";
import { choice, type Question, text, yesNo } from "../questions.js";
import { type ComparedMeter, resultSchemas, type ScannedMeter } from "../results.js";
import type { Step, Tools } from "../step.js";

/** Displays cut their last digits off, and the meter counts on while a person types. */
const toleranceWh = 1000;

/** Shows what each meter sends, and has the installer read the same from its display. */
export const displayStep: Step<"display"> = {
  id: "display",
  title: "Compare with the display",
  inputs: (done) => done("scan"),
  result: resultSchemas.display,
  run: async (done, tools) => {
    const { meters } = done("scan");
    const compared: ComparedMeter[] = [];
    for (const [index, meter] of meters.entries()) {
      tools.screen.gap();
      const profile = await profileOf(meter, meters, tools);
      const open = await openMeters(meter.line, meter.setting);
      try {
        const head = `Meter ${index + 1} of ${meters.length}`;
        compared.push(await compare(head, { ...meter, profile }, meters, open, tools));
      } finally {
        await open.close();
      }
    }
    return { meters: compared };
  },
  summary: ({ meters }) =>
    meters.length === 1 ? "the meter agrees" : `all ${meters.length} meters agree`,
};

/** Where registers do not tell models apart, the type plate does. */
async function profileOf(
  meter: ScannedMeter,
  all: readonly ScannedMeter[],
  { ask }: Tools,
): Promise<string> {
  const [best = ""] = meter.profiles;
  if (!meter.isAmbiguous) return best;
  const question = choice(
    {
      place: `meters/${meterName(meter, all)}/profile`,
      text: `${meterPlaceText(meter)}: its registers fit several models. Which is on its type plate?`,
    },
    meter.profiles.map((name) => {
      const { maker, model } = loadProfile(name);
      return { name, means: `${maker} ${model}` };
    }),
  );
  return await ask.ask(question);
}

interface Identified extends ScannedMeter {
  readonly profile: string;
}

async function compare(
  head: string,
  meter: Identified,
  all: readonly ScannedMeter[],
  open: OpenMeters,
  tools: Tools,
): Promise<ComparedMeter> {
  const { ask, now, screen } = tools;
  const place = `meters/${meterName(meter, all)}`;
  const values = await open.read(meter, shownQuantities);
  show(head, meter, values, tools);
  const serialNumber =
    meter.serialNumber ??
    (await ask.ask(
      text(
        { place: `${place}/serialNumber`, text: "Serial number on its plate" },
        "letters, digits and dashes, at most 32",
        /^[A-Za-z0-9-]{1,32}$/,
      ),
    ));
  screen.text("Look at this meter's own display and type what it shows.");
  const energy = { meter, open, tools };
  const shownImport = await energyOf("Import", place, energy);
  const shownExport = await energyOf("Export", place, energy);
  const agrees = yesNo({
    place: `${place}/displayAgrees`,
    text: "Do voltage and power on it agree, too?",
  });
  if (!(await ask.ask(agrees))) {
    await ask.drop((each) => each.startsWith(`${place}/display`));
    throw new CodedError(
      "up.display-differs",
      "the meter sends other values than its display shows",
    );
  }
  const { activeEnergyImportWh: importWh, activeEnergyExportWh: exportWh } = await open.read(
    meter,
    energies,
  );
  const { line, setting, unit, profile } = meter;
  return {
    line,
    setting,
    unit,
    profile,
    serialNumber,
    phases: phasesOf(values),
    registers: {
      at: now().toISOString(),
      importWh: Number(importWh ?? 0),
      exportWh: Number(exportWh ?? 0),
      displayImportKwh: shownImport,
      displayExportKwh: shownExport,
    },
  };
}

const energies = ["activeEnergyImportWh", "activeEnergyExportWh"] as const;

function show(head: string, meter: Identified, values: Values, { screen }: Tools): void {
  const { maker, model } = loadProfile(meter.profile);
  const serial = meter.serialNumber === null ? "" : `, serial number ${meter.serialNumber}`;
  screen.text(`${head}: ${maker} ${model}${serial}`);
  screen.text(meterPlaceText(meter));
  const phases = (quantity: (phase: string) => string, digits: number) =>
    ["L1", "L2", "L3"]
      .flatMap((phase) => values[quantity(phase)] ?? [])
      .map((value) => Number(value).toFixed(digits))
      .join("  ");
  const rows: [string, string][] = [
    ["voltage", `${phases((phase) => `voltage${phase}V`, 1)} V`],
    ["current", `${phases((phase) => `current${phase}A`, 2)} A`],
    ["power", `${Math.round(Number(values["activePowerW"] ?? 0))} W (+ import, - export)`],
    ["import", `${kwhText(values["activeEnergyImportWh"])} kWh`],
    ["export", `${kwhText(values["activeEnergyExportWh"])} kWh`],
  ];
  for (const [name, value] of rows) screen.row(`  ${name.padEnd(9)} ${value}`);
}

interface EnergyReading {
  readonly meter: Identified;
  readonly open: OpenMeters;
  readonly tools: Tools;
}

/**
 * A count as the display shows it, kWh. Mistyped ones are asked for once more.
 * @throws CodedError up.display-differs where the meter sends another one
 */
async function energyOf(
  direction: "Import" | "Export",
  place: string,
  { meter, open, tools }: EnergyReading,
): Promise<string> {
  const { ask, screen } = tools;
  const quantity = `activeEnergy${direction}Wh`;
  const question: Question<string> = text(
    {
      place: `${place}/display${direction}Kwh`,
      text: `${direction} on the display, kWh`,
    },
    "the figure as the display shows it, e.g. 1234.5",
    /^\d+([.,]\d+)?$/,
  );
  for (let tries = 1; ; tries++) {
    const { value: shown, isNew } = await ask.answer(question);
    const sent = (await open.read(meter, [quantity]))[quantity];
    const shownWh = Number(shown.replace(",", ".")) * 1000;
    // An answer of an earlier run was compared then; the meter has counted on since.
    if (!isNew || Math.abs(shownWh - Number(sent ?? 0)) <= toleranceWh) return shown;
    await ask.drop((each) => each === question.place);
    const message = `the display shows ${shown} kWh, the meter sends ${kwhText(sent)} kWh`;
    if (ask.isGiven(question.place) || tries === 2)
      throw new CodedError("up.display-differs", message);
    screen.text(`That is not what this meter sends: ${kwhText(sent)} kWh. Look once more.`);
  }
}

function kwhText(energyWh: unknown): string {
  return typeof energyWh === "number" ? (energyWh / 1000).toFixed(1) : "-";
}

/** Phases that have voltage. */
function phasesOf(values: Values): 1 | 3 {
  const isLive = (phase: string) =>
    Number(values[`voltage${phase}V`] ?? 0) >= voltageRangeV.low / 2;
  return isLive("L2") && isLive("L3") ? 3 : 1;
}
