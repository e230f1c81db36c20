import type { Clock } from "../ports/clock.js";
import type { StatusReport } from "../ports/status.js";
import type { EvidenceStore } from "../ports/store.js";
import type { LiveMeters } from "./live-meters.js";
import type { MeterEpochs } from "./meter-epochs.js";
import type { MeterPlace } from "./meter-reader.js";

export interface StatusReportOptions {
  readonly places: readonly Pick<MeterPlace, "place" | "role" | "profile">[];
  readonly meters: Pick<LiveMeters, "at" | "isSilent">;
  readonly epochs: Pick<MeterEpochs, "all">;
  readonly store: Pick<EvidenceStore, "sealedHead">;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
}

/** Builds what the installer's commands show. @throws CodedError store.* */
export function statusReportOf(options: StatusReportOptions): () => StatusReport {
  const { places, epochs, store, clock } = options;
  return () => ({
    at: new Date(clock.nowMs()).toISOString(),
    meters: places.map((place) => meterOf(place, options)),
    epochs: epochs.all.map(({ meter, follows, state, asked }) => ({
      meter,
      follows,
      state,
      asked,
    })),
    sealedAt: store.sealedHead().checkpoint?.statement.at ?? null,
  });
}

function meterOf(
  { place, role, profile }: StatusReportOptions["places"][number],
  { meters, clock }: StatusReportOptions,
): StatusReport["meters"][number] {
  const live = meters.at(place);
  const value = (quantity: string): number | null => live?.values.get(quantity) ?? null;
  return {
    place,
    role,
    profile: profile.id,
    meter: live?.meter ?? null,
    at: live === undefined ? null : new Date(live.atMs).toISOString(),
    ageMs: live === undefined ? null : Math.round(clock.monotonicMs() - live.monotonicMs),
    silent: meters.isSilent(place),
    activePowerW: value("activePowerW"),
    importWh: value("activeEnergyImportWh"),
    exportWh: value("activeEnergyExportWh"),
  };
}
