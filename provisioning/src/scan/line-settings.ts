import type { Profile } from "@powershare/firmware-profiles";
import type { Parity, StopBits } from "@powershare/modbus";

/** How a serial line is set; 8 data bits. */
export interface LineSetting {
  readonly baudRate: number;
  readonly parity: Parity;
  /** 2 where a maker asks for it: a receiver that wants one takes the second for a rest. */
  readonly stopBits: StopBits;
}

const baudRates = [9600, 19_200, 38_400, 115_200, 57_600, 4800, 2400, 1200] as const;
const parities = ["none", "even", "odd"] as const;

export const settingName = ({ baudRate, parity }: LineSetting): string =>
  `${baudRate} Bd, parity ${parity}`;

export const isMakersSetting = ({ serial }: Profile, setting: LineSetting): boolean =>
  serial?.baudRate === setting.baudRate && serial.parity === setting.parity;

/** The settings that meters leave their factories with: the one of most profiles first. */
export function makersSettings(profiles: readonly Profile[]): LineSetting[] {
  const found = new Map<string, { setting: LineSetting; profiles: number }>();
  for (const { serial } of profiles) {
    if (!serial) continue;
    const { baudRate, parity, stopBits } = serial;
    const key = `${baudRate} ${parity}`;
    const known = found.get(key);
    const setting = {
      baudRate,
      parity,
      stopBits:
        Math.max(stopBits, known?.setting.stopBits ?? 1) === 2 ? (2 as const) : (1 as const),
    };
    found.set(key, { setting, profiles: 1 + (known?.profiles ?? 0) });
  }
  return [...found.values()]
    .toSorted((a, b) => b.profiles - a.profiles)
    .map(({ setting }) => setting);
}

/** Every baud rate with every parity: the makers' own first, then the common ones. */
export function allSettings(profiles: readonly Profile[]): LineSetting[] {
  const first = makersSettings(profiles);
  const rest = baudRates.flatMap((baudRate) =>
    parities.map((parity): LineSetting => ({ baudRate, parity, stopBits: 1 })),
  );
  const isNew = (setting: LineSetting) =>
    !first.some((each) => settingName(each) === settingName(setting));
  return [...first, ...rest.filter(isNew)];
}
