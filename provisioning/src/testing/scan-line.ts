import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encode, loadProfile, type Profile, type Values } from "@powershare/firmware-profiles";
import {
  openRtuMaster,
  type RegisterBank,
  type RegisterReader,
  type RtuServer,
  serveRtu,
} from "@powershare/modbus";
import type { LineSetting } from "../scan/line-settings.js";

/** A meter on a test line, set as its maker delivers it. */
export interface TestMeter {
  readonly unit: number;
  readonly profile: string;
  readonly values?: Values;
  /** Measured anew at each request, in the place of `values`. */
  readonly live?: () => Values;
  /** Needed before each answer, ms. */
  readonly slowMs?: number;
  /** Two meters share the unit id: what comes is damaged at every setting they hear. */
  readonly isShared?: boolean;
}

/** What a household's meter may measure; quantities that a profile has not are left out. */
export const householdValues: Values = {
  voltageL1V: 231,
  voltageL2V: 229,
  voltageL3V: 232,
  currentL1A: 4,
  currentL2A: 2,
  currentL3A: 1,
  activePowerL1W: 900,
  activePowerL2W: 440,
  activePowerL3W: 220,
  activePowerW: 1560,
  frequencyHz: 50,
  activeEnergyImportWh: 1_234_000,
  activeEnergyExportWh: 56_000,
  serialNumber: "1234567",
};

const singlePhase: Values = { activePowerW: 900 };

/** Registers of a meter as its profile lays them out. */
export function bankOf(profile: Profile, values: Values = {}): RegisterBank {
  const isThreePhase = profile.registers.some(({ quantity }) => quantity === "voltageL2V");
  const measured = { ...householdValues, ...(isThreePhase ? {} : singlePhase), ...values };
  const declared = new Set(
    [...profile.registers, ...profile.identity].map((each) => each.quantity),
  );
  const known = Object.entries(measured).filter(([quantity]) => declared.has(quantity));
  const image = encode(profile, Object.fromEntries(known));
  return (table, address, count) => image.read(table, address, count) ?? { exceptionCode: 2 };
}

function serveMeters(
  stream: Socket,
  meters: readonly TestMeter[],
  setting: LineSetting | undefined,
): RtuServer {
  const baudRate = setting?.baudRate ?? 9600;
  const parity = setting?.parity ?? "none";
  const isHeard = ({ profile }: TestMeter) => {
    const { serial } = loadProfile(profile);
    return !setting || (serial?.baudRate === baudRate && serial.parity === parity);
  };
  const banks = meters.map((meter) => {
    const profile = loadProfile(meter.profile);
    const { live, unit, values } = meter;
    const bank: RegisterBank =
      live === undefined
        ? bankOf(profile, values)
        : (...range) => bankOf(profile, { ...values, ...live() })(...range);
    return [unit, bank] as const;
  });
  return serveRtu(stream, {
    baudRate,
    parity,
    units: new Map(banks),
    faults: ({ unit, index }) => {
      const meter = meters.find((each) => each.unit === unit);
      if (!meter) return undefined;
      if (meter.isShared || !isHeard(meter)) return { kind: "garbled", bit: 11 + 7 * index };
      return meter.slowMs ? { kind: "late", byMs: meter.slowMs } : undefined;
    },
  });
}

/** The same meters behind a serial gateway, one connection at a time. */
export async function openGateway(
  meters: readonly TestMeter[],
): Promise<{ readonly place: string; close(): void }> {
  const gateway = createServer((stream) => {
    stream.on("error", () => stream.destroy());
    const server = serveMeters(stream, meters, undefined);
    stream.once("close", () => server.close());
  });
  gateway.listen(0, "127.0.0.1");
  await once(gateway, "listening");
  const address = gateway.address();
  const port = typeof address === "object" ? address?.port : 0;
  return { place: `127.0.0.1:${port}`, close: () => gateway.close() };
}

/**
 * Meters on one pseudo-terminal. A pseudo-terminal carries bytes whatever the baud rate and parity;
 * so the line is told which setting is opened, and a meter with another one sends damaged frames.
 * A real one mostly keeps silent.
 */
export class ScanLine {
  readonly path: string;
  readonly #folder: string;
  readonly #meters: readonly TestMeter[];
  readonly #listener = createServer();
  #socat: ChildProcess | undefined;
  #stream: Socket | undefined;
  #server: RtuServer | undefined;

  static async open(meters: readonly TestMeter[]): Promise<ScanLine> {
    const folder = await mkdtemp(join(tmpdir(), "scan-"));
    const line = new ScanLine(folder, meters);
    const socket = join(folder, "meters.sock");
    line.#listener.on("connection", (stream) => {
      stream.on("error", () => stream.destroy());
      line.#stream = stream;
      line.tune(undefined);
    });
    line.#listener.listen(socket);
    await once(line.#listener, "listening");
    const pty = `pty,raw,echo=0,link=${line.path}`;
    line.#socat = spawn("socat", [pty, `UNIX-CONNECT:${socket}`], { stdio: "ignore" });
    for (let tries = 0; !existsSync(line.path); tries++) {
      if (tries > 100) throw new Error("socat made no pseudo-terminal within 5 s");
      await sleep(50);
    }
    return line;
  }

  private constructor(folder: string, meters: readonly TestMeter[]) {
    this.#folder = folder;
    this.#meters = meters;
    this.path = join(folder, "tty");
  }

  /** From now on the line is opened with this setting; undefined: with whichever each meter has. */
  tune(setting: LineSetting | undefined): void {
    this.#server?.close();
    if (this.#stream) this.#server = serveMeters(this.#stream, this.#meters, setting);
  }

  /** Opens the line as a scan does. */
  readonly openReader = async (setting: LineSetting | undefined): Promise<RegisterReader> => {
    this.tune(setting);
    const { baudRate = 9600, parity = "none" } = setting ?? {};
    return await openRtuMaster({ path: this.path, baudRate, parity });
  };

  async close(): Promise<void> {
    this.#server?.close();
    this.#socat?.kill();
    this.#listener.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
