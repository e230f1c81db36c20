import type { MeterRole } from "@powershare/domain/evidence";
import type { Row, SignTestSample } from "@powershare/domain/wiring";
import type { LiveMeter, LiveMeters } from "./live-meters.js";

/** Both meters as they were read in one turn; without a generator only one. */
export interface MeterPair {
  readonly connection: LiveMeter;
  readonly generator: LiveMeter | undefined;
}

export type PhasesOf = Readonly<Partial<Record<MeterRole, 1 | 3>>>;

/** Two readings further apart do not belong together. */
const mostApartMs = 5_000;

/**
 * The newest readings of both meters, if both are newer than those before.
 * @param before - the pair that was last taken
 */
export function newestPair(
  meters: LiveMeters,
  phases: PhasesOf,
  before: MeterPair | undefined,
): MeterPair | undefined {
  const connection = meters.byRole("connection");
  const generator = phases.generator === undefined ? undefined : meters.byRole("generator");
  if (connection === undefined || !isNewer(connection, before?.connection)) return undefined;
  if (phases.generator === undefined) return { connection, generator: undefined };
  if (generator === undefined || !isNewer(generator, before?.generator)) return undefined;
  const apartMs = Math.abs(connection.monotonicMs - generator.monotonicMs);
  return apartMs > mostApartMs ? undefined : { connection, generator };
}

function isNewer(meter: LiveMeter, before: LiveMeter | undefined): boolean {
  return before === undefined || meter.monotonicMs > before.monotonicMs;
}

/** Powers and voltages as columns: + for import, production + for what the generator gives. */
export function rowOf(
  { connection, generator }: MeterPair,
  phases: PhasesOf,
  span: Pick<Row, "startMs" | "seconds">,
): Row {
  const value = (quantity: string) => connection.values.get(quantity);
  const generatorW = generator?.values.get("activePowerW");
  const measured = {
    gridW: value("activePowerW"),
    voltageL1V: value("voltageL1V"),
    ...(phases.connection === 3 && {
      gridL1W: value("activePowerL1W"),
      gridL2W: value("activePowerL2W"),
      gridL3W: value("activePowerL3W"),
      voltageL2V: value("voltageL2V"),
      voltageL3V: value("voltageL3V"),
    }),
    productionW: generatorW === undefined ? undefined : -generatorW,
  };
  const known = Object.entries(measured).filter(([, watts]) => watts !== undefined);
  return { ...span, ...Object.fromEntries(known) };
}

/** What the sign test looks at. */
export function sampleOf({ connection, generator }: MeterPair, phases: PhasesOf): SignTestSample {
  return {
    atMs: connection.monotonicMs,
    meters: {
      connection: phasesOf(connection, phases.connection ?? 1),
      ...(generator && { generator: phasesOf(generator, phases.generator ?? 1) }),
    },
  };
}

function phasesOf({ values }: LiveMeter, count: 1 | 3) {
  return [1, 2, 3].slice(0, count).map((phase) => {
    const activePowerW =
      values.get(`activePowerL${phase}W`) ?? (count === 1 ? values.get("activePowerW") : undefined);
    const voltageV = values.get(`voltageL${phase}V`);
    return activePowerW === undefined || voltageV === undefined
      ? undefined
      : { activePowerW, voltageV };
  });
}
