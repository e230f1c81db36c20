import { type LocalDay, localDay } from "@powershare/domain/calendar";
import type { Clock } from "../ports/clock.js";
import type { Overview } from "../ports/overview.js";
import type { HourlyEnergy, LedgerStore, PageStore } from "../ports/store.js";
import type { LiveMeters } from "./live-meters.js";
import type { Health } from "./watch-health.js";
import { unknownWiring, type WiringView } from "./wiring-view.js";

const hourMs = 3_600_000;
const mostTrades = 50;

export interface OverviewOptions {
  readonly store: PageStore & LedgerStore;
  readonly meters: LiveMeters;
  readonly clock: Clock;
  readonly health: Health;
  readonly participant: string;
  readonly slotSeconds: number;
  /** IANA name: whose days are counted. */
  readonly zone: string;
  /** Newest step of the clock. */
  readonly lastStep: () => Overview["health"]["clock"]["lastStep"];
  /** A live value older than this is marked stale. */
  readonly staleAfterMs: number;
  /** Newest block known; null before the first. */
  readonly height: () => number | null;
  readonly wiring: Pick<WiringView, "overview">;
  /** Milliseconds since 1970. */
  readonly certificateEndsAtMs: () => number;
}

type Stored = Pick<Overview, "today" | "trades" | "wallet" | "counts" | "wiring"> & {
  readonly backlog: ReturnType<PageStore["backlog"]>;
};

/** Builds what the household page shows. Where the store cannot be read, its part stays as it last was, and health says so. */
export function overviewOf(options: OverviewOptions): () => Overview {
  const { clock, health, participant, slotSeconds, zone } = options;
  let stored: Stored = {
    today: todayOf([], localDay(clock.nowMs(), zone), zone),
    trades: [],
    wallet: null,
    wiring: unknownWiring,
    counts: { readings: 0, rejected: 0, checkpoints: 0, intervals: 0, evidenceCommitted: 0 },
    backlog: { unsentPackages: 0, oldestUnsentAt: null },
  };
  return () => {
    try {
      stored = readStored(options);
      health.ok("store", "page");
    } catch (error) {
      health.problem("store", "page", "failed", error);
    }
    const { backlog, ...page } = stored;
    return {
      at: new Date(clock.nowMs()).toISOString(),
      participant,
      slotSeconds,
      now: presentOf(options),
      ...page,
      health: {
        bus: health.part("bus"),
        tpm: health.part("tpm"),
        store: { ...health.part("store"), ...backlog },
        ledger: {
          ...health.part("ledger"),
          height: options.height(),
          certificateEndsAt: new Date(options.certificateEndsAtMs()).toISOString(),
        },
        clock: { ...health.part("clock"), ...timeOf(options) },
      },
    };
  };
}

function timeOf({ clock, lastStep }: OverviewOptions) {
  const { quality, keeper } = clock.status();
  return { quality, keeper, lastStep: lastStep() };
}

function readStored({ store, clock, participant, wiring, zone }: OverviewOptions): Stored {
  const day = localDay(clock.nowMs(), zone);
  return {
    today: todayOf(store.hourlyEnergy(day.startMs, day.endMs), day, zone),
    trades: store.trades(participant, mostTrades),
    wallet: store.wallet(participant),
    wiring: wiring.overview(),
    counts: store.counts(),
    backlog: store.backlog(),
  };
}

/** Grid power is measured, consumption is what grid and generator together give. */
function presentOf({ meters, clock, staleAfterMs }: OverviewOptions): Overview["now"] {
  const grid = meters.byRole("connection");
  const gridPowerW = grid?.values.get("activePowerW");
  if (grid === undefined || gridPowerW === undefined) return null;
  const generator = meters.byRole("generator");
  const exported = generator?.values.get("activePowerW");
  const productionPowerW = exported === undefined ? null : Math.max(0, -exported);
  const oldestMs = Math.min(grid.monotonicMs, generator?.monotonicMs ?? grid.monotonicMs);
  return {
    at: new Date(grid.atMs).toISOString(),
    gridPowerW,
    productionPowerW,
    consumptionPowerW: Math.max(0, gridPowerW + (productionPowerW ?? 0)),
    voltageV: grid.values.get("voltageL1V") ?? null,
    stale: clock.monotonicMs() - oldestMs > staleAfterMs,
  };
}

/** Hours are counted from the day's first instant, so that each hour of 23 or 25 has its place. */
function todayOf(
  energy: readonly HourlyEnergy[],
  { startMs, endMs }: LocalDay,
  zone: string,
): Overview["today"] {
  const instant = (ms: number): string => new Date(ms).toISOString();
  const metersGeneration = energy.some(({ role }) => role === "generator");
  const sum = (rows: readonly HourlyEnergy[]) => {
    const total = (role: HourlyEnergy["role"], register: "importWh" | "exportWh"): number =>
      rows.reduce((wh, row) => (row.role === role ? wh + row[register] : wh), 0);
    return {
      importWh: total("connection", "importWh"),
      exportWh: total("connection", "exportWh"),
      productionWh: metersGeneration ? total("generator", "exportWh") : null,
    };
  };
  const hours = [...new Set(energy.map(({ hour }) => hour))].map((hour) => ({
    start: instant(startMs + hour * hourMs),
    ...sum(energy.filter((row) => row.hour === hour)),
  }));
  return { ...sum(energy), start: instant(startMs), end: instant(endMs), zone, hours };
}
