import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Profile, planReads, profileText } from "@powershare/firmware-profiles";
import { draftOfUnknown, findReadable } from "./record-unknown.js";
import type { FoundMeter } from "./scan.js";
import { placeOf } from "./scan.js";
import type { Exchange, UnitReader } from "./unit-reader.js";

export interface Recorded {
  readonly profileFile: string;
  readonly captureFile: string;
  readonly frames: number;
}

export interface RecordOptions {
  readonly directory: string;
  readonly profiles: readonly Profile[];
  /** Frames get the header of Modbus TCP. */
  readonly isTcp: boolean;
  readonly at: Date;
  readonly stop: AbortSignal;
}

/**
 * Writes a profile draft and a capture of a meter that was just found: all registers of the
 * profile that fits best; of a meter that none fits, what can be read where other meters have
 * something. Existing files are not touched.
 * Rejects where the folder cannot be written, and with BusError where the port fails.
 */
export async function recordMeter(meter: FoundMeter, options: RecordOptions): Promise<Recorded> {
  const { directory, profiles, isTcp, at, stop } = options;
  const [best] = meter.candidates;
  const reader = meter.reader.anew();
  const draft = best
    ? await recordKnown(reader, best.profile)
    : draftOfUnknown(meter, await findReadable(reader, profiles, stop), at);
  const name = best
    ? `${best.profile.id.replace("/", "-")}-unit${meter.unit}`
    : `unknown-unit${meter.unit}`;
  await mkdir(directory, { recursive: true });
  const profileFile = join(directory, `${name}.yaml`);
  const captureFile = join(directory, `${name}.capture`);
  const header = `Recorded ${at.toISOString()} from ${placeOf(meter.setting, meter.unit)}.`;
  await writeFile(profileFile, `# Draft by powershare scan. ${header}\n${draft}`, { flag: "wx" });
  const frames = reader.exchanges.filter(({ isRefusal }) => !isRefusal);
  await writeFile(captureFile, captureText(reader.exchanges, header, isTcp), { flag: "wx" });
  return { profileFile, captureFile, frames: 2 * frames.length };
}

async function recordKnown(reader: UnitReader, profile: Profile): Promise<string> {
  for (const pollClass of ["fast", "slow", "identity"] as const) {
    for (const read of planReads(profile, { pollClasses: [pollClass] })) await reader.read(read);
  }
  const todo = [
    "# TODO: compare the values of its capture with the meter's display.",
    "# TODO: say which firmware this meter has, and whether the source describes it.",
    "",
  ].join("\n");
  return todo + profileText(profile.id).replace(/^captures: constructed$/m, "captures: hardware");
}

const hex = (bytes: Uint8Array) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(" ");

/** RTU frame as a Modbus TCP frame: header instead of CRC (Modbus Messaging on TCP/IP V1.0b, 3.1.3). */
function asTcp(frame: Uint8Array, transaction: number): Uint8Array {
  const body = frame.subarray(0, -2);
  const header = [transaction >> 8, transaction & 0xff, 0, 0, body.length >> 8, body.length & 0xff];
  return Uint8Array.of(...header, ...body);
}

/** The exchanges in the format that `profile decode --capture` reads; refusals as comments. */
export function captureText(
  exchanges: readonly Exchange[],
  header: string,
  isTcp: boolean,
): string {
  const lines = exchanges.flatMap(({ request, answer, isRefusal }, index) => {
    const [asked, said] = [request, answer].map((frame) =>
      hex(isTcp ? asTcp(frame, (index + 1) & 0xffff) : frame),
    );
    return isRefusal ? [`# refused: ${asked} by ${said}`] : [`> ${asked}`, `< ${said}`];
  });
  const notes = isTcp
    ? ["# tcp", `# ${header}`, "# Transactions are numbered here, not as they were on the network."]
    : [`# ${header}`];
  return [...notes, "# It may hold the meter's serial number.", ...lines, ""].join("\n");
}
