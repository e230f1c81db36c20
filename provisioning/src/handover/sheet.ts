import type { HandoverMeter, HandoverPage } from "./types.js";
import { filled, type Words, wordsOf } from "./words.js";

/** A row of two cells: what it is, and its value. */
export type Row = readonly [name: string, value: string];

/** What stands on the sheet, in order, for whatever draws it. */
export interface Sheet {
  readonly words: Words;
  readonly date: string;
  readonly identity: readonly Row[];
  readonly meters: readonly (readonly string[])[];
  readonly site: readonly Row[];
  readonly commands: readonly string[];
  readonly contact: readonly Row[];
  readonly page: {
    readonly url: string;
    readonly how: string;
    readonly tunnel: string | undefined;
  };
}

/** The page's facts in words of its language; numbers exact. */
export function sheetOf(page: HandoverPage): Sheet {
  const words = wordsOf[page.language];
  const { participant, device, at, sealNumber, operator, pageUrl } = page;
  return {
    words,
    date: filled(words.handedOver, { date: `${at.slice(0, 16).replace("T", " ")} UTC` }),
    identity: [
      [words.household, participant],
      [words.device, device],
      [words.seal, sealNumber ?? words.none],
    ],
    meters: page.meters.flatMap((meter) => rowsOf(meter, words)),
    site: siteOf(page, words),
    commands: [
      "powershare evidence export --from DAY --to DAY --format package --out DIR",
      "powershare evidence verify DIR/* --trust CA.pem",
    ],
    contact: [
      [words.operator, operator.contact],
      [words.registrar, operator.registrar],
    ],
    page: pageOf(pageUrl, words),
  };
}

/** A page for its own machine alone is reached from elsewhere by a tunnel. */
function pageOf(url: string, words: Words): Sheet["page"] {
  const { hostname, port } = new URL(url);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  if (!isLocal) return { url, how: words.pageText, tunnel: undefined };
  const number = port === "" ? 80 : port;
  return { url, how: words.pageLocalText, tunnel: `ssh -L ${number}:${hostname}:${number} HOST` };
}

function rowsOf(meter: HandoverMeter, words: Words): string[][] {
  const { role, profile, serialNumber, fuseA, phases, limitW, registers } = meter;
  const { importWh, exportWh, displayImportKwh, displayExportKwh } = registers;
  const limit = limitW === undefined ? "" : filled(words.limit, { w: limitW });
  return [
    [
      words[role],
      `${profile}, ${serialNumber}`,
      filled(words.fuse, { a: fuseA, phases }),
      words.imported,
      kwh(importWh),
      displayImportKwh,
    ],
    [
      "",
      `${registers.at.slice(0, 16).replace("T", " ")} UTC`,
      limit,
      words.exported,
      kwh(exportWh),
      displayExportKwh,
    ],
  ];
}

/** Exact to the Wh, e.g. `1234.567`. */
export function kwh(wh: number): string {
  const digits = String(wh).padStart(4, "0");
  return `${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

function siteOf({ pv, storage, ev, place, signTest }: HandoverPage, words: Words): Row[] {
  const degrees = (value: number | null): string => (value === null ? words.unknown : `${value}°`);
  return [
    [
      words.solar,
      pv === undefined
        ? words.none
        : filled(words.solarText, {
            peak: pv.peakW,
            azimuth: degrees(pv.azimuthDeg) + (pv.azimuthDeg === null ? "" : ` (${words.north})`),
            tilt: degrees(pv.tiltDeg),
          }),
    ],
    [words.battery, words.batteryKinds[storage]],
    [words.ev, ev ? words.yes : words.no],
    ...(place === undefined
      ? []
      : [[words.place, `${place.latitude.toFixed(1)}°, ${place.longitude.toFixed(1)}°`] as const]),
    [words.signTest, words.signTests[signTest]],
  ];
}
