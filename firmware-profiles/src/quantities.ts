/** Unit of a quantity, and so of its decoded value; "" has none. */
export type Unit = "Wh" | "varh" | "W" | "var" | "VA" | "V" | "A" | "Hz" | "deg" | "%" | "";

const phases = ["L1", "L2", "L3"] as const;

/** `activePowerW` and `activePowerL1W`…: a total and its phases. */
const withPhases = (name: string, suffix: string, unit: Unit): [string, Unit][] =>
  ["", ...phases].map((phase) => [`${name}${phase}${suffix}`, unit]);

/**
 * Every quantity a profile may name, with the unit its name ends in. Powers are + for import and
 * − for export. OBIS codes: docs/glossary.md.
 */
export const quantities: ReadonlyMap<string, Unit> = new Map<string, Unit>([
  ...withPhases("activeEnergyImport", "Wh", "Wh"),
  ...withPhases("activeEnergyExport", "Wh", "Wh"),
  ...withPhases("activeEnergyTotal", "Wh", "Wh"),
  ...withPhases("reactiveEnergyImport", "Varh", "varh"),
  ...withPhases("reactiveEnergyExport", "Varh", "varh"),
  ...withPhases("reactiveEnergyTotal", "Varh", "varh"),
  ...withPhases("activePower", "W", "W"),
  ...withPhases("reactivePower", "Var", "var"),
  ...withPhases("apparentPower", "Va", "VA"),
  ...withPhases("powerFactor", "", ""),
  ...withPhases("voltageThd", "Percent", "%"),
  ...["L1", "L2", "L3", "L12", "L23", "L31"].map((at): [string, Unit] => [`voltage${at}V`, "V"]),
  ...[...phases, "N"].map((at): [string, Unit] => [`current${at}A`, "A"]),
  ["frequencyHz", "Hz"],
  ["phaseAngleDeg", "deg"],
]);

/** Registers that say which meter this is and how it is set up; numbers or text without a unit. */
export const identityQuantities = [
  "serialNumber",
  "firmwareVersion",
  "ctRatio",
  "wiringType",
] as const;

/** How many of a quantity's unit one register unit is; only these may stand in a profile. */
export const registerUnits: ReadonlyMap<string, { readonly of: Unit; readonly factor: number }> =
  new Map([
    ["Wh", { of: "Wh", factor: 1 }],
    ["kWh", { of: "Wh", factor: 1_000 }],
    ["MWh", { of: "Wh", factor: 1_000_000 }],
    ["varh", { of: "varh", factor: 1 }],
    ["kvarh", { of: "varh", factor: 1_000 }],
    ["Mvarh", { of: "varh", factor: 1_000_000 }],
    ["W", { of: "W", factor: 1 }],
    ["kW", { of: "W", factor: 1_000 }],
    ["var", { of: "var", factor: 1 }],
    ["kvar", { of: "var", factor: 1_000 }],
    ["VA", { of: "VA", factor: 1 }],
    ["kVA", { of: "VA", factor: 1_000 }],
    ["V", { of: "V", factor: 1 }],
    ["A", { of: "A", factor: 1 }],
    ["Hz", { of: "Hz", factor: 1 }],
    ["deg", { of: "deg", factor: 1 }],
    ["%", { of: "%", factor: 1 }],
    ["", { of: "", factor: 1 }],
  ]);

/** Energies are whole Wh or varh. */
export const isEnergy = (quantity: string): boolean => {
  const unit = quantities.get(quantity);
  return unit === "Wh" || unit === "varh";
};

/** The other half of an import and export pair of the same energy and phase, if it is one of such. */
export function pairedQuantity(quantity: string): string | undefined {
  if (quantity.includes("EnergyImport")) return quantity.replace("Import", "Export");
  if (quantity.includes("EnergyExport")) return quantity.replace("Export", "Import");
  return undefined;
}
