import type { Profile, Values } from "@powershare/firmware-profiles";

/** Whether values are those of a meter on a European grid, and what speaks for and against. */
export interface PhysicsVerdict {
  readonly isPlausible: boolean;
  /** Something that the profile declares is not as it must be; false also where nothing can be judged. */
  readonly isContradicted: boolean;
  /** Phases that the profile declares and that have no voltage. */
  readonly deadPhases: number;
  /** Facts that fit, minus quantities that a meter of this kind should have and that are not there. */
  readonly score: number;
  readonly reasons: readonly string[];
}

/** 230 V ± 10 % (EN 50160, 4.2.2.2; IEC 60038). */
export const voltageRangeV = { low: 207, high: 253 } as const;
/** Wider than any European grid leaves in normal operation. */
export const frequencyRangeHz = { low: 49, high: 51 } as const;
/** What rounding, and readings a moment apart, may make of P against U · I. */
const powerSlackW = 30;
const powerSlackShare = 1.1;
/** More than a household's meter counts in a century. */
const mostEnergyWh = 1e11;

/** What physics looks at; also what a person compares with the meter's display. */
export const shownQuantities: readonly string[] = [
  "voltageL1V",
  "voltageL2V",
  "voltageL3V",
  "currentL1A",
  "currentL2A",
  "currentL3A",
  "activePowerW",
  "activePowerL1W",
  "activePowerL2W",
  "activePowerL3W",
  "frequencyHz",
  "activeEnergyImportWh",
  "activeEnergyExportWh",
  "activeEnergyTotalWh",
];

const inside = (value: unknown, { low, high }: { low: number; high: number }) =>
  typeof value === "number" && value >= low && value <= high;

/**
 * Judges a snapshot by what must hold at any meter: voltage and frequency of the grid, energy
 * counts that are counts, and active power within what voltage and current allow.
 */
export function judgeByPhysics(
  { registers }: Pick<Profile, "registers">,
  values: Readonly<Values>,
): PhysicsVerdict {
  const declared = new Set(registers.map(({ quantity }) => quantity));
  const voltages = ["voltageL1V", "voltageL2V", "voltageL3V"].filter((each) => declared.has(each));
  const good = voltages.filter((each) => inside(values[each], voltageRangeV));
  const dead = voltages.filter((each) => (values[each] ?? 0) === 0);
  const hasFrequency = declared.has("frequencyHz");
  const frequencyFits = inside(values["frequencyHz"], frequencyRangeHz);
  const power = powerVerdict(values);
  const facts = good.length + (frequencyFits ? 2 : 0) + (power === "fits" ? 1 : 0);
  const reasons = [
    ...good.map((each) => `${each} ${String(values[each])}`),
    ...(frequencyFits ? [`frequencyHz ${String(values["frequencyHz"])}`] : []),
    ...(power === "fits" ? ["power within voltage × current"] : []),
    ...dead.map((each) => `${each} is 0 or not measured`),
  ];
  const isContradicted =
    (voltages.length > 0 && good.length === 0) ||
    good.length + dead.length < voltages.length ||
    (hasFrequency && !frequencyFits) ||
    power === "contradicts" ||
    !energiesFit(values);
  const isPlausible = !isContradicted && good.length > 0 && facts >= 2;
  const deadPhases = dead.length;
  return { isPlausible, isContradicted, deadPhases, score: facts - deadPhases, reasons };
}

function energiesFit(values: Readonly<Values>): boolean {
  return shownQuantities
    .filter((quantity) => quantity.startsWith("activeEnergy") && quantity in values)
    .every((quantity) => inside(values[quantity], { low: 0, high: mostEnergyWh }));
}

/** Active power is at most the sum of voltage times current. */
function powerVerdict(values: Readonly<Values>): "fits" | "contradicts" | "unknown" {
  const phases = ["L1", "L2", "L3"].map((phase) => ({
    voltage: values[`voltage${phase}V`],
    current: values[`current${phase}A`],
  }));
  const powerW = values["activePowerW"];
  const known = phases.filter(({ current }) => typeof current === "number");
  if (typeof powerW !== "number" || known.length === 0) return "unknown";
  const apparent = known.reduce(
    (sum, { voltage, current }) => sum + Math.abs(Number(voltage ?? 0) * Number(current)),
    0,
  );
  if (Math.abs(powerW) > powerSlackShare * apparent + powerSlackW) return "contradicts";
  return apparent > powerSlackW ? "fits" : "unknown";
}
