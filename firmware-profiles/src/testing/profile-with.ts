import { parseProfile } from "../profile.js";
import type { ProfileFile } from "../schema.js";
import type { Profile } from "../types.js";

const sound = {
  id: "test/meter",
  maker: "Test",
  model: "Meter",
  firmware: "1",
  source: { title: "none" },
  captures: "constructed",
  serial: { baudRate: 9600, parity: "none" },
  maxRegisters: 125,
  defaults: { table: "holding", type: "u32", wordOrder: "big" },
  identity: [{ quantity: "serialNumber", address: 0x1000 }],
};

/** Entries of a file as a person writes them. */
export type Entries = { readonly [K in keyof ProfileFile]?: unknown };

/** The profile of a file that differs from a sound one by these entries. JSON is YAML. */
export const profileWith = (entries: Entries): Profile =>
  parseProfile(JSON.stringify({ ...sound, ...entries }));

export const importRegister = {
  quantity: "activeEnergyImportWh",
  address: 0,
  unit: "Wh",
  pollClass: "fast",
};
