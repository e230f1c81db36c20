import type { Language } from "./i18n/messages.js";

const locale: Record<Language, string> = { en: "en-GB", pt: "pt-PT" };

const dayMs = 86_400_000;

/** Numbers and times as people of a language read them; money and energy stay integers until here. */
export interface Format {
  power(watts: number): string;
  energy(wh: number): string;
  /** To the Wh, as a meter's display shows it. */
  register(wh: number): string;
  /** A balance: as many digits as matter. */
  coins(nano: string): string;
  /** A payment: always six decimals, so that a column lines up. */
  amount(nano: string): string;
  price(microPerKwh: number): string;
  cash(currency: string, micro: string): string;
  time(instant: string): string;
  dateTime(instant: string): string;
  /** In the household's zone; with its offset on a day whose clocks change, as one hour comes twice. */
  hour(
    instant: string,
    day: { readonly start: string; readonly end: string; readonly zone: string },
  ): string;
  ago(milliseconds: number): string;
}

/** Decimal text of an integer count of 10^-digits units, exact at any size. */
export function decimalText(value: bigint, digits: number): `${number}` {
  const negative = value < 0n;
  const text = (negative ? -value : value).toString().padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  const fraction = text.slice(text.length - digits);
  return `${negative ? "-" : ""}${whole}${digits > 0 ? `.${fraction}` : ""}` as `${number}`;
}

export function formatFor(language: Language): Format {
  const tag = locale[language];
  const whole = new Intl.NumberFormat(tag, { maximumFractionDigits: 0 });
  const kilo = new Intl.NumberFormat(tag, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const exact = new Intl.NumberFormat(tag, { minimumFractionDigits: 3, useGrouping: false });
  const coin = new Intl.NumberFormat(tag, { minimumFractionDigits: 2, maximumFractionDigits: 6 });
  const payment = new Intl.NumberFormat(tag, {
    minimumFractionDigits: 6,
    maximumFractionDigits: 6,
  });
  const rate = new Intl.NumberFormat(tag, { minimumFractionDigits: 3, maximumFractionDigits: 6 });
  const clock = new Intl.DateTimeFormat(tag, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const dayClock = new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "medium" });
  const hourMinute = { hour: "2-digit", minute: "2-digit" } as const;
  const ago = new Intl.RelativeTimeFormat(tag, { numeric: "always" });
  return {
    // + 0 so that no reader meets a minus zero.
    power: (watts) =>
      Math.abs(watts) < 1000
        ? `${whole.format(Math.round(watts) + 0)} W`
        : `${kilo.format(watts / 1000)} kW`,
    energy: (wh) =>
      Math.abs(wh) < 1000 ? `${whole.format(wh)} Wh` : `${kilo.format(wh / 1000)} kWh`,
    register: (wh) => `${exact.format(decimalText(BigInt(wh), 3))} kWh`,
    coins: (nano) => coin.format(decimalText(BigInt(nano), 9)),
    amount: (nano) => payment.format(decimalText(BigInt(nano), 9)),
    price: (microPerKwh) => rate.format(decimalText(BigInt(microPerKwh), 6)),
    cash: (currency, micro) =>
      new Intl.NumberFormat(tag, { style: "currency", currency }).format(
        decimalText(BigInt(micro), 6),
      ),
    time: (instant) => clock.format(new Date(instant)),
    dateTime: (instant) => dayClock.format(new Date(instant)),
    hour: (instant, { start, end, zone }) => {
      const changes = Date.parse(end) - Date.parse(start) !== dayMs;
      const offset = changes ? ({ timeZoneName: "shortOffset" } as const) : {};
      const options = { ...hourMinute, ...offset, timeZone: zone };
      return new Intl.DateTimeFormat(tag, options).format(new Date(instant));
    },
    ago: (milliseconds) => {
      const seconds = Math.round(milliseconds / 1000);
      if (seconds < 90) return ago.format(-seconds, "second");
      if (seconds < 5400) return ago.format(-Math.round(seconds / 60), "minute");
      return ago.format(-Math.round(seconds / 3600), "hour");
    },
  };
}
