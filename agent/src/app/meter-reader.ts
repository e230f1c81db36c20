import { CodedError, codeOf } from "@powershare/domain/errors";
import type { MeterRole, RegisterValues } from "@powershare/domain/evidence";
import {
  type Block,
  decode,
  type PlannedRead,
  type Profile,
  planReads,
  resolveProfile,
  serialNumberOf,
  type Values,
} from "@powershare/firmware-profiles";
import type { Bus } from "../ports/bus.js";

export interface MeterPlace {
  /** `<bus>/<unit>`. */
  readonly place: string;
  readonly unit: number;
  readonly profile: Profile;
  readonly role: MeterRole;
  readonly serialNumber: string | undefined;
  readonly fuseA: number;
  readonly phases: number;
}

export interface ReaderOptions {
  readonly bus: Bus;
  readonly timeoutMs: number;
  readonly baudRate: number;
}

/** Which meter it is. */
export interface Identity {
  /** Profile and serial number. */
  readonly serialMeter: string;
  /** Ratio and wiring, as JSON; undefined where the meter gives none. */
  readonly setup: string | undefined;
}

/** One poll. */
export interface Snapshot {
  /** With its models found, where it has SunSpec models. */
  readonly profile: Profile;
  readonly blocks: readonly Block[];
  readonly values: Values;
}

/** Before the second read of a boundary: what was late has arrived by then, and is not its answer. */
const confirmAfterQuietMs = 50;

const energyQuantities = ["activeEnergyImportWh", "activeEnergyExportWh"];
const setupQuantities = ["ctRatio", "wiringType"];

/** The requests by which a meter is asked, for each purpose. */
interface Plans {
  readonly profile: Profile;
  readonly fast: readonly PlannedRead[];
  readonly energy: readonly PlannedRead[];
  readonly serial: readonly PlannedRead[];
  readonly setup: readonly PlannedRead[];
}

function plansOf(profile: Profile, baudRate: number): Plans {
  const plan = (quantities: readonly string[]) => planReads(profile, { baudRate, quantities });
  const known = setupQuantities.filter((name) =>
    profile.identity.some(({ quantity }) => quantity === name),
  );
  return {
    profile,
    fast: planReads(profile, { baudRate }),
    energy: plan(energyQuantities),
    serial: plan(["serialNumber"]),
    setup: known.length === 0 ? [] : plan(known),
  };
}

/** The id of a meter by its serial number: of that, what an id may hold. */
export function meterIdOf({ id }: Pick<Profile, "id">, serialNumber: string): string {
  return `${id}:${serialNumber
    .trim()
    .replace(/[^A-Za-z0-9-]+/g, "-")
    .slice(0, 32)}`;
}

/** Asks one meter, by the requests that its profile plans. */
export class MeterReader {
  readonly #at: MeterPlace;
  readonly #options: ReaderOptions;
  #known: Plans | undefined;

  constructor(at: MeterPlace, options: ReaderOptions) {
    this.#at = at;
    this.#options = options;
  }

  /** @throws CodedError meter.no-value; ProfileError where SunSpec models are not found; an error with a code bus.* */
  async identify(): Promise<Identity> {
    const { profile, place } = this.#at;
    // Where a SunSpec meter has its models, only the meter itself can say.
    if (profile.sunspec) this.#known = undefined;
    const found = await this.#serialNumber();
    if (found === undefined) {
      throw new CodedError(
        "meter.no-value",
        `${place}: the meter gives no serial number; put the printed one into the configuration (serialNumber)`,
      );
    }
    return { serialMeter: meterIdOf(profile, found), setup: await this.#readSetup() };
  }

  /** As the meter gives it; of one that has none to give, the configured one. */
  async #serialNumber(): Promise<string | undefined> {
    const { profile, serialNumber } = this.#at;
    const gives = profile.identity.some(({ quantity }) => quantity === "serialNumber");
    if (!gives) return serialNumber;
    try {
      return serialNumberOf(await this.#decoded((await this.#plans()).serial)) ?? serialNumber;
    } catch (error) {
      // Older meters of a model may lack the register, and say so.
      if (codeOf(error) === "bus.exception" && serialNumber !== undefined) return serialNumber;
      throw error;
    }
  }

  /** All that is read at every poll. @throws an error with a code bus.* */
  async read(): Promise<Snapshot> {
    const { profile, fast } = await this.#plans();
    const blocks = await this.#read(fast);
    return { profile, blocks, values: decode(profile, blocks) };
  }

  /** The energy registers alone: another request, so no late answer to the one before passes for its answer. */
  async readEnergy(): Promise<RegisterValues | undefined> {
    const { profile, role } = this.#at;
    const { energy } = await this.#plans();
    return energyOf(await this.#decoded(energy, confirmAfterQuietMs), profile, role);
  }

  /** Ratio and wiring; a meter that refuses them is still a meter. */
  async #readSetup(): Promise<string | undefined> {
    const { setup } = await this.#plans();
    if (setup.length === 0) return undefined;
    try {
      const values = await this.#decoded(setup);
      const given = setupQuantities.filter((name) => values[name] !== undefined);
      return JSON.stringify(Object.fromEntries(given.map((name) => [name, values[name]])));
    } catch {
      return undefined;
    }
  }

  async #plans(): Promise<Plans> {
    this.#known ??= plansOf(await this.#resolved(), this.#options.baudRate);
    return this.#known;
  }

  #resolved(): Promise<Profile> {
    return resolveProfile(this.#at.profile, async (table, address, count) => {
      const [block] = await this.#read([{ table, address, count }]);
      return block?.bytes ?? new Uint8Array();
    });
  }

  async #decoded(plan: readonly PlannedRead[], quietMs = 0): Promise<Values> {
    const { profile } = await this.#plans();
    return decode(profile, await this.#read(plan, quietMs));
  }

  async #read(plan: readonly PlannedRead[], quietMs = 0): Promise<Block[]> {
    const { bus, timeoutMs } = this.#options;
    const blocks: Block[] = [];
    for (const { table, address, count } of plan) {
      const request = { unit: this.#at.unit, table, address, count, timeoutMs, quietMs };
      const bytes = await bus.read(request);
      blocks.push({ table, address, bytes });
    }
    return blocks;
  }
}

/**
 * Both energy registers in whole Wh; undefined where one has no value, never zero in its place. Only what
 * a generator's map does not have at all, as an inverter's has no import, is 0.
 */
export function energyOf(
  values: Values,
  { registers }: Pick<Profile, "registers">,
  role: MeterRole,
): RegisterValues | undefined {
  const countOf = (quantity: string): number | undefined => {
    const value = values[quantity];
    const isCount = typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
    if (isCount) return value;
    const declared = registers.some((register) => register.quantity === quantity);
    return declared || role === "connection" ? undefined : 0;
  };
  const importWh = countOf("activeEnergyImportWh");
  const exportWh = countOf("activeEnergyExportWh");
  return importWh === undefined || exportWh === undefined ? undefined : { importWh, exportWh };
}
