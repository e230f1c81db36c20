import { CodedError } from "@powershare/domain/errors";
import type { MeterRole, RegisterValues } from "@powershare/domain/evidence";
import {
  type Block,
  decode,
  type PlannedRead,
  type Profile,
  planReads,
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

const energyQuantities = ["activeEnergyImportWh", "activeEnergyExportWh"];
const setupQuantities = ["ctRatio", "wiringType"];

/** Asks one meter, by the requests that its profile plans. */
export class MeterReader {
  readonly #at: MeterPlace;
  readonly #options: ReaderOptions;
  readonly #fast: readonly PlannedRead[];
  readonly #energy: readonly PlannedRead[];
  readonly #serial: readonly PlannedRead[];
  readonly #setup: readonly PlannedRead[];

  constructor(at: MeterPlace, options: ReaderOptions) {
    const { baudRate } = options;
    const { profile } = at;
    this.#at = at;
    this.#options = options;
    this.#fast = planReads(profile, { baudRate });
    this.#energy = planReads(profile, { baudRate, quantities: energyQuantities });
    this.#serial = planReads(profile, { baudRate, quantities: ["serialNumber"] });
    const known = setupQuantities.filter((name) =>
      profile.identity.some(({ quantity }) => quantity === name),
    );
    this.#setup = known.length === 0 ? [] : planReads(profile, { baudRate, quantities: known });
  }

  /** @throws CodedError meter.no-value; an error with a code bus.* */
  async identify(): Promise<Identity> {
    const { profile, place } = this.#at;
    const found = serialNumberOf(decode(profile, await this.#read(this.#serial)));
    if (found === undefined) {
      throw new CodedError("meter.no-value", `${place}: the meter gives no serial number`);
    }
    return { serialMeter: `${profile.id}:${found}`, setup: await this.#readSetup() };
  }

  /** All that is read at every poll. @throws an error with a code bus.* */
  async read(): Promise<{ readonly blocks: readonly Block[]; readonly values: Values }> {
    const blocks = await this.#read(this.#fast);
    return { blocks, values: decode(this.#at.profile, blocks) };
  }

  /** The energy registers alone: another request, so no late answer to the one before passes for its answer. */
  async readEnergy(): Promise<RegisterValues | undefined> {
    return energyOf(decode(this.#at.profile, await this.#read(this.#energy)));
  }

  /** Ratio and wiring; a meter that refuses them is still a meter. */
  async #readSetup(): Promise<string | undefined> {
    if (this.#setup.length === 0) return undefined;
    try {
      const values = decode(this.#at.profile, await this.#read(this.#setup));
      const given = setupQuantities.filter((name) => values[name] !== undefined);
      return JSON.stringify(Object.fromEntries(given.map((name) => [name, values[name]])));
    } catch {
      return undefined;
    }
  }

  async #read(plan: readonly PlannedRead[]): Promise<Block[]> {
    const { bus, timeoutMs } = this.#options;
    const blocks: Block[] = [];
    for (const { table, address, count } of plan) {
      const bytes = await bus.read({ unit: this.#at.unit, table, address, count, timeoutMs });
      blocks.push({ table, address, bytes });
    }
    return blocks;
  }
}

/** Both energy registers in whole Wh; undefined where one has no value. Never zero in its place. */
export function energyOf(values: Values): RegisterValues | undefined {
  const { activeEnergyImportWh: importWh, activeEnergyExportWh: exportWh } = values;
  const isCount = (value: unknown): value is number =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
  return isCount(importWh) && isCount(exportWh) ? { importWh, exportWh } : undefined;
}
