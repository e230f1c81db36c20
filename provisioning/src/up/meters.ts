import type { Block, PlannedRead, Profile, Values } from "@powershare/firmware-profiles";
import type { RegisterReader } from "@powershare/modbus";
import { type Line, lineName, openLine } from "../scan/line.js";
import { settingName } from "../scan/line-settings.js";
import type { MeterPlace } from "./results.js";

/** A meter that is read as a profile says. */
export interface ReadableMeter extends MeterPlace {
  readonly profile: string;
}

/** How questions and answers name a meter: by its unit id, and its line where that does not tell. */
export function meterName(meter: MeterPlace, all: readonly MeterPlace[]): string {
  const rivals = all.filter(({ unit }) => unit === meter.unit);
  return rivals.length === 1 ? String(meter.unit) : `${lineName(meter.line)}#${meter.unit}`;
}

/** `unit 1 on /dev/ttyUSB0, 9600 Bd, parity none` */
export function meterPlaceText({ line, setting, unit }: MeterPlace): string {
  const how = setting === null ? "" : `, ${settingName(setting)}`;
  return `unit ${unit} on ${lineName(line)}${how}`;
}

/** Meters of one line, open to be read. */
export interface OpenMeters {
  /** All that the profile has of these quantities. Rejects with BusError where the meter does not answer. */
  read(meter: ReadableMeter, quantities: readonly string[]): Promise<Values>;
  close(): Promise<void>;
}

const timeoutMs = 1_000;

/** @throws BusError where the line cannot be opened */
export async function openMeters(line: Line, setting: MeterPlace["setting"]): Promise<OpenMeters> {
  const reader = await openLine(line, setting ?? undefined);
  const profiles = new Map<number, Profile>();
  return {
    async read(meter, quantities) {
      const { decode, planReads } = await import("@powershare/firmware-profiles");
      const profile = profiles.get(meter.unit) ?? (await profileOf(reader, meter));
      profiles.set(meter.unit, profile);
      const known = [...profile.registers, ...profile.identity].map(({ quantity }) => quantity);
      const wanted = quantities.filter((each) => known.includes(each));
      if (wanted.length === 0) return {};
      const blocks: Block[] = [];
      for (const read of planReads(profile, { quantities: wanted })) {
        blocks.push({ ...read, bytes: await readBlock(reader, meter.unit, read) });
      }
      return decode(profile, blocks);
    },
    close: () => reader.close(),
  };
}

/** With the places of its SunSpec models on this very meter, where it has such. */
async function profileOf(reader: RegisterReader, meter: ReadableMeter): Promise<Profile> {
  const { loadProfile, resolveProfile } = await import("@powershare/firmware-profiles");
  return await resolveProfile(loadProfile(meter.profile), (table, address, count) =>
    readBlock(reader, meter.unit, { table, address, count }),
  );
}

/** A block that came damaged, or not at all, is asked for twice more. */
async function readBlock(
  reader: RegisterReader,
  unit: number,
  read: PlannedRead,
  retries = 2,
): Promise<Uint8Array> {
  try {
    return await reader.read({ ...read, unit, timeoutMs });
  } catch (error) {
    const isPassing =
      error instanceof Error &&
      "code" in error &&
      (error.code === "bus.timeout" || error.code === "bus.crc");
    if (!isPassing || retries === 0) throw error;
    return await readBlock(reader, unit, read, retries - 1);
  }
}
