import { InvalidArgumentError } from "commander";

/** A register as a display shows it. */
export interface ShownRegister {
  readonly wh: number;
  /** What its last digit is worth. */
  readonly stepWh: number;
}

/** Both energy registers of a meter, as a person read them from its display. */
export interface Shown {
  readonly importWh: ShownRegister;
  readonly exportWh: ShownRegister;
}

const mostDigits = 9;

/** Parser of `IMPORT,EXPORT` in kWh: exact, without floating point; with a comma as decimal sign: `1234,5;89,0`. */
export function shownRegisters(text: string): Shown {
  const parts = text.includes(";") ? text.replaceAll(",", ".").split(";") : text.split(",");
  const [imported, exported] = parts.map(shownRegister);
  if (parts.length !== 2 || imported === undefined || exported === undefined) {
    throw new InvalidArgumentError("expected IMPORT,EXPORT in kWh, e.g. 1234.5,89.0");
  }
  return { importWh: imported, exportWh: exported };
}

function shownRegister(text: string): ShownRegister | undefined {
  const [, whole = "", decimals = ""] = /^(\d+)(?:\.(\d{1,3}))?$/.exec(text.trim()) ?? [];
  if (whole === "" || whole.length > mostDigits) return undefined;
  return { wh: Number(whole + decimals.padEnd(3, "0")), stepWh: 10 ** (3 - decimals.length) };
}

interface Registers {
  readonly importWh: number;
  readonly exportWh: number;
}

/**
 * Compares a display with what the meter sent before and after it was looked at. Displays cut or round,
 * so they may be one of their last digit's steps away.
 * @returns what differs; undefined where nothing does
 */
export function shownDiffers(
  name: string,
  shown: Shown,
  before: Registers,
  after: Registers,
): string | undefined {
  for (const register of ["importWh", "exportWh"] as const) {
    const { wh, stepWh } = shown[register];
    if (wh >= before[register] - stepWh && wh <= after[register] + stepWh) continue;
    const sent = [...new Set([before[register], after[register]])].join(" to ");
    return `${name} sent ${register} ${sent}, its display showed ${wh}`;
  }
  return undefined;
}
