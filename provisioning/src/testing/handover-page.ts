import type { HandoverPage } from "../handover/types.js";

/** A household with everything that a page can say. */
export const handoverPage: HandoverPage = {
  language: "en",
  participant: "h1",
  device: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  at: "2026-06-01T12:00:00.000Z",
  meters: [
    {
      role: "connection",
      profile: "eastron/sdm630",
      serialNumber: "12345678",
      fuseA: 63,
      phases: 3,
      limitW: 13_800,
      registers: {
        at: "2026-06-01T11:58:00.000Z",
        importWh: 1_234_567,
        exportWh: 89_012,
        displayImportKwh: "1234.5",
        displayExportKwh: "89.0",
      },
    },
    {
      role: "generator",
      profile: "eastron/sdm230",
      serialNumber: "87654321",
      fuseA: 32,
      phases: 1,
      registers: {
        at: "2026-06-01T11:58:30.000Z",
        importWh: 12,
        exportWh: 4_567_890,
        displayImportKwh: "0.01",
        displayExportKwh: "4567.89",
      },
    },
  ],
  storage: "ac",
  ev: true,
  place: { latitude: 38.7, longitude: -9.1 },
  pv: { peakW: 4_000, azimuthDeg: 180, tiltDeg: null },
  sealNumber: "A-17",
  signTest: "passed",
  operator: {
    contact: "Cooperativa de Energia, +351 21 000 0000, apoio@energia.example.org",
    registrar: "https://registrar.example.org:8443",
  },
  pageUrl: "http://127.0.0.1:8080/",
};
