import { catalogue, codeOf } from "@powershare/domain/errors";
import type { Reading } from "@powershare/domain/evidence";
import { decode, type Profile } from "@powershare/firmware-profiles";
import type { StoredEpoch } from "../ports/epochs.js";
import type { MeterReport, RejectedStore } from "../ports/meters.js";
import type { ReadingStore } from "../ports/store.js";
import type { MeterEpochs } from "./meter-epochs.js";
import { energyOf } from "./meter-reader.js";

const mostLooked = 500;
const mostGroups = 20;
/** Rejections that are further apart are another matter. */
const oneMatterMs = 600_000;

export interface MeterReportOptions {
  readonly store: RejectedStore & Pick<ReadingStore, "lastGood">;
  readonly epochs: Pick<MeterEpochs, "pending">;
  readonly profiles: readonly Profile[];
}

type Rejected = MeterReport["rejected"][number];

/** Builds what the page shows of rejected readings and of meters that count anew. @throws CodedError store.* */
export function meterReportOf({ store, epochs, profiles }: MeterReportOptions): () => MeterReport {
  const byHash = new Map(profiles.map((profile) => [profile.hash, profile]));
  return () => ({
    pending: epochs.pending.map((epoch) => pendingOf(epoch, store)),
    rejected: grouped(store.rejectedReadings(mostLooked), byHash),
  });
}

function pendingOf(
  { meter, follows, place, role, reason, closing, opening }: StoredEpoch,
  store: Pick<ReadingStore, "lastGood">,
): MeterReport["pending"][number] {
  const last = store.lastGood(meter);
  const shown = ({ at, importWh, exportWh }: typeof closing) => ({ at, importWh, exportWh });
  const now =
    last === undefined || last.energy === null ? null : { at: last.reading.at, ...last.energy };
  return {
    meter,
    follows,
    place,
    role,
    reason,
    closing: shown(closing),
    opening: shown(opening),
    now,
  };
}

/** Readings come newest first; those of one meter with one reason, without a long pause, are one matter. */
function grouped(readings: readonly Reading[], profiles: ReadonlyMap<string, Profile>): Rejected[] {
  const groups: Rejected[] = [];
  const newest = new Map<string, Rejected>();
  for (const reading of readings) {
    const { meter, at, reason = "meter.no-value" } = reading;
    const group = newest.get(`${meter} ${reason}`);
    if (group !== undefined && Date.parse(group.from) - Date.parse(at) <= oneMatterMs) {
      group.from = at;
      group.count += 1;
    } else if (groups.length < mostGroups) {
      const begun = groupOf(reading, reason, profiles);
      groups.push(begun);
      newest.set(`${meter} ${reason}`, begun);
    }
  }
  return groups;
}

function groupOf(
  { meter, at, profile, registers }: Reading,
  code: string,
  profiles: ReadonlyMap<string, Profile>,
): Rejected {
  const known = codeOf({ code });
  const decoder = profiles.get(profile);
  const blocks = registers.map(({ bytes, ...block }) => ({
    ...block,
    bytes: Buffer.from(bytes, "hex"),
  }));
  const energy =
    decoder === undefined ? undefined : energyOf(decode(decoder, blocks), decoder, "generator");
  return {
    meter,
    code,
    meaning: known === undefined ? code : catalogue[known].meaning,
    from: at,
    to: at,
    count: 1,
    importWh: energy?.importWh ?? null,
    exportWh: energy?.exportWh ?? null,
  };
}
