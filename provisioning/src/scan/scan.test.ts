import { listProfiles, loadProfile, type Values } from "@powershare/firmware-profiles";
import { BusError, type RegisterBank } from "@powershare/modbus";
import { expect, test } from "vitest";
import { BankReader } from "../testing/bank-reader.js";
import { bankOf } from "../testing/scan-line.js";
import { allSettings, type LineSetting, makersSettings, settingName } from "./line-settings.js";
import { type FoundMeter, type Progress, patienceMs, type ScanOptions, scan } from "./scan.js";

const profiles = listProfiles();
const units = Array.from({ length: 16 }, (_, index) => index + 1);

interface Outcome {
  readonly found: readonly string[];
  readonly again: readonly number[];
  readonly opened: readonly string[];
  readonly progress: readonly Progress[];
  readonly result: Awaited<ReturnType<typeof scan>>;
}

/** A scan over meters that answer at once at the settings they hear, and are silent at others. */
async function scanOver(
  banksAt: (setting: LineSetting | undefined) => Map<number, RegisterBank>,
  options: Partial<ScanOptions> = {},
): Promise<Outcome> {
  const found: string[] = [];
  const again: number[] = [];
  const opened: string[] = [];
  const progress: Progress[] = [];
  const result = await scan({
    profiles,
    settings: makersSettings(profiles),
    units,
    open: async (setting) => {
      opened.push(setting ? settingName(setting) : "network");
      return new BankReader(banksAt(setting));
    },
    probingS: 17,
    stop: new AbortController().signal,
    onMeter: async ({ unit, candidates }: FoundMeter) => {
      found.push(`${unit} ${candidates[0]?.profile.id ?? "unknown"}`);
    },
    onAgain: (_meter, unit) => void again.push(unit),
    onProgress: (each) => void progress.push(each),
    sleep: async () => {},
    now: () => 0,
    ...options,
  });
  return { found, again, opened, progress, result };
}

/** Meters with the setting that their makers deliver them with. */
const asDelivered =
  (meters: readonly (readonly [unit: number, profile: string, values?: Values])[]) =>
  (setting: LineSetting | undefined) =>
    new Map(
      meters
        .map(([unit, id, values]) => ({ unit, profile: loadProfile(id), values }))
        .filter(
          ({ profile: { serial } }) =>
            serial?.baudRate === setting?.baudRate && serial?.parity === setting?.parity,
        )
        .map(({ unit, profile, values }) => [unit, bankOf(profile, values)] as const),
    );

test("meters of several makers are found, each at the setting it was delivered with", async () => {
  const { found, result } = await scanOver(
    asDelivered([
      [1, "eastron/sdm630"],
      [3, "schneider/iem3155"],
      [16, "eastron/sdm120"],
    ]),
  );
  expect(found.toSorted()).toEqual([
    "1 eastron/sdm630",
    "16 eastron/sdm120",
    "3 schneider/iem3155",
  ]);
  expect(result).toEqual({ meters: 3, ignoresSettings: false, damaged: [] });
});

test("two meters as delivered, both with unit id 1 at different baud rates, are both found", async () => {
  const { found } = await scanOver(
    asDelivered([
      [1, "eastron/sdm630", { serialNumber: "1111111" }],
      [1, "eastron/sdm120", { serialNumber: "2222222" }],
    ]),
  );
  expect(found).toEqual(["1 eastron/sdm630", "1 eastron/sdm120"]);
});

test("a port that ignores baud rates shows each meter once, and ends the round of settings", async () => {
  const bank = bankOf(loadProfile("eastron/sdm630"));
  const { found, again, opened, result } = await scanOver(() => new Map([[5, bank]]));
  expect({ found, again }).toEqual({ found: ["5 eastron/sdm630"], again: [5] });
  expect(opened).toHaveLength(2);
  expect(result.ignoresSettings).toBe(true);
});

test("a device on the network that answers to every unit id is one meter", async () => {
  const bank = bankOf(loadProfile("carlo-gavazzi/em24-e1"));
  const everyone = new Map([...units, 255, 0].map((unit) => [unit, bank]));
  const { found, again } = await scanOver(() => everyone, { settings: [undefined] });
  expect(found).toEqual(["1 carlo-gavazzi/em24-e1"]);
  expect(again).toEqual(units.slice(1));
});

test("someone who answers, but is no meter that is known, is told as unknown", async () => {
  const refusing: RegisterBank = () => ({ exceptionCode: 1 });
  const { found } = await scanOver(() => new Map([[7, refusing]]), {
    settings: makersSettings(profiles).slice(0, 1),
  });
  expect(found).toEqual(["7 unknown"]);
});

test("a gateway's refusal in the meter's stead is nobody", async () => {
  const gateway: RegisterBank = () => ({ exceptionCode: 11 });
  const everyone = new Map(units.map((unit) => [unit, gateway]));
  expect((await scanOver(() => everyone, { settings: [undefined] })).found).toEqual([]);
});

test("only damage from one unit, however often it is asked, is two meters with one unit id", async () => {
  const reader = new BankReader(new Map());
  const read = reader.read;
  const open = async () =>
    Object.assign(new BankReader(new Map()), {
      read: async (request: Parameters<typeof read>[0]) => {
        if (request.unit === 4) throw new BusError("bus.crc", "damaged");
        return await read(request);
      },
    });
  const [first] = makersSettings(profiles);
  const { result, found } = await scanOver(() => new Map(), { open, settings: [first] });
  expect(found).toEqual([]);
  expect(result.damaged).toEqual([{ setting: first, unit: 4 }]);
});

test("a port that is not there is an error, not an empty line", async () => {
  const gone = async () =>
    Object.assign(new BankReader(new Map()), {
      read: async () => {
        throw new BusError("bus.port-missing", "/dev/none is not there");
      },
    });
  await expect(scanOver(() => new Map(), { open: gone })).rejects.toThrow("/dev/none");
});

test("a scan that is stopped asks no one else", async () => {
  const stop = new AbortController();
  const { found, opened } = await scanOver(asDelivered([[12, "eastron/sdm630"]]), {
    stop: stop.signal,
    onProgress: ({ done }) => {
      if (done === 8) stop.abort();
    },
  });
  expect(found).toEqual([]);
  expect(opened).toHaveLength(1);
});

test("progress never falls and ends at the whole", async () => {
  const { progress } = await scanOver(asDelivered([[1, "eastron/sdm630"]]));
  const shares = progress.map(({ done, total }) => done / total);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
});

test("the whole range has every baud rate with every parity once, the makers' first", () => {
  const makers = makersSettings(profiles);
  const all = allSettings(profiles);
  expect(all.slice(0, makers.length)).toEqual(makers);
  expect(new Set(all.map(settingName)).size).toBe(8 * 3);
  expect(all).toHaveLength(8 * 3);
});

test("all probes of a quick scan fit into their time with the patience they get", () => {
  const planned = makersSettings(profiles).map((setting) => ({ setting, probes: 32 }));
  const patience = patienceMs(planned, 17);
  const total = planned.reduce((sum, { probes }) => sum + probes * (patience + 35), 0);
  expect(total).toBeLessThanOrEqual(17_000);
  expect(patience).toBeGreaterThanOrEqual(60);
});
