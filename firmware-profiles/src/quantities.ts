/** Unit of a quantity, and so of its decoded value; "" has none. */
export type Unit = "Wh" | "varh" | "W" | "var" | "VA" | "V" | "A" | "Hz" | "deg" | "%" | "";

const phases = ["L1", "L2", "L3"] as const;

/** What is known of a quantity beside its name. */
export interface QuantityInfo {
  readonly unit: Unit;
  /** OBIS code C.D.E of medium 1 channel 0 (IEC 62056-6-1), where it has one. */
  readonly obis?: string;
  /**
   * `true`: a count that never falls but by rollover or reset. `declared`: a sum of import and
   * export, which falls on meters that net; the profile says which.
   */
  readonly monotonic?: true | "declared";
}

type Entry = readonly [string, QuantityInfo];

/** OBIS groups C of a total and of phases 1 to 3: each phase is 20 on. */
const codesFrom = (total: number, first = total + 20) => [total, first, first + 20, first + 40];

/** `activePowerW` and `activePowerL1W`…: a total and its phases. */
function withPhases(
  name: string,
  suffix: string,
  info: QuantityInfo,
  codes: readonly number[] = [],
  group = "7.0",
): Entry[] {
  return ["", ...phases].map((phase, index): Entry => {
    const code = codes[index];
    const obis = code === undefined ? {} : { obis: `${code}.${group}` };
    return [`${name}${phase}${suffix}`, { ...info, ...obis }];
  });
}

const energy = (name: string, unit: "Wh" | "varh", code: number | undefined): Entry[] =>
  withPhases(
    name,
    unit === "Wh" ? "Wh" : "Varh",
    { unit, monotonic: name.endsWith("Total") ? "declared" : true },
    code === undefined ? [] : codesFrom(code),
    "8.0",
  );

/**
 * Every quantity a profile may name, with the unit its name ends in. Powers are + for import and
 * − for export. OBIS codes by IEC 62056-6-1; the sums of both directions are 15.8.0 (|+A| + |−A|).
 */
const infos: ReadonlyMap<string, QuantityInfo> = new Map<string, QuantityInfo>([
  ...energy("activeEnergyImport", "Wh", 1),
  ...energy("activeEnergyExport", "Wh", 2),
  ...energy("activeEnergyTotal", "Wh", 15),
  ...energy("reactiveEnergyImport", "varh", 3),
  ...energy("reactiveEnergyExport", "varh", 4),
  ...energy("reactiveEnergyTotal", "varh", undefined),
  ...withPhases("activePower", "W", { unit: "W" }, codesFrom(16, 36)),
  ...withPhases("reactivePower", "Var", { unit: "var" }, codesFrom(131, 151)),
  ...withPhases("apparentPower", "Va", { unit: "VA" }, codesFrom(9)),
  ...withPhases("powerFactor", "", { unit: "" }, codesFrom(13)),
  ...withPhases("voltageThd", "Percent", { unit: "%" }),
  ...phases.map((at, i): Entry => [`voltage${at}V`, { unit: "V", obis: `${32 + 20 * i}.7.0` }]),
  ...["L12", "L23", "L31"].map((at): Entry => [`voltage${at}V`, { unit: "V" }]),
  ...phases.map((at, i): Entry => [`current${at}A`, { unit: "A", obis: `${31 + 20 * i}.7.0` }]),
  ["currentNA", { unit: "A", obis: "91.7.0" }],
  ["frequencyHz", { unit: "Hz", obis: "14.7.0" }],
  ["phaseAngleDeg", { unit: "deg" }],
]);

/** Unit of every quantity a profile may name. */
export const quantities: ReadonlyMap<string, Unit> = new Map(
  [...infos].map(([quantity, { unit }]) => [quantity, unit]),
);

/** What is known of a quantity; undefined for identity and unknown ones. */
export const quantityInfo = (quantity: string): QuantityInfo | undefined => infos.get(quantity);

/** Registers that say which meter this is and how it is set up; numbers or text without a unit. */
export const identityQuantities = [
  "serialNumber",
  "modelCode",
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
