import type { MeterRole } from "@powershare/domain/evidence";
import type { Site } from "@powershare/domain/wiring";
import type { PhasesOf } from "./wiring-readings.js";

type Declared = Pick<Site, "latitude" | "longitude" | "pv" | "storage" | "ev">;

/** How many phases each meter measures. */
export function phasesOfMeters(
  places: readonly { readonly role: MeterRole; readonly phases: number }[],
): PhasesOf {
  return Object.fromEntries(places.map(({ role, phases }) => [role, phases === 3 ? 3 : 1]));
}

/** The site that rules look at: what the configuration says of the house, and its meters. */
export function siteOf(
  declared: Declared | undefined,
  phases: PhasesOf,
  householdId: string,
  commissionedAt: string,
): Site | undefined {
  if (declared === undefined) return undefined;
  const { latitude, longitude, pv, storage, ev } = declared;
  return {
    householdId,
    latitude,
    longitude,
    pv,
    storage,
    ev,
    phases: phases.connection ?? 1,
    commissionedAt,
    channels: phases.generator === undefined ? ["grid"] : ["grid", "production"],
    neighbours: null,
  };
}
