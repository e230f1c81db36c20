import type { Channel, Row } from "@powershare/domain/wiring";
import type { Home } from "../tamper/homes.js";

const startMs = Date.parse("2026-01-01T00:00:00Z");

/** A home of hourly rows whose production is half a sine by day and whose load never stands still. */
export function syntheticHome(channels: readonly Channel[], days = 120): Home {
  const rows = Array.from({ length: 24 * days }, (_, index): Row => {
    const hour = index % 24;
    const cloud = 0.3 + 0.7 * (((index - hour) / 24) % 3 === 0 ? 1 : 0.5);
    const production = Math.max(0, Math.sin(((hour - 6) / 12) * Math.PI)) * 3000 * cloud;
    const load = 200 + 97 * ((index * 7) % 11);
    return {
      startMs: startMs + index * 3_600_000,
      seconds: 3600,
      ...(channels.includes("production") && { productionWh: production }),
      ...(channels.includes("consumption") && { consumptionWh: load }),
      ...(channels.includes("import") && { importWh: Math.max(0, load - production) }),
      ...(channels.includes("export") && { exportWh: Math.max(0, production - load) }),
    };
  });
  const site: Home["site"] = {
    householdId: "h1",
    latitude: 40,
    longitude: 0,
    pv: { peakW: 3500, azimuthDeg: null, tiltDeg: null },
    storage: "none",
    ev: false,
    phases: 1,
    commissionedAt: new Date(startMs).toISOString(),
    channels: [...channels],
    neighbours: null,
  };
  return { id: "h1", set: "synthetic", site, rows, neighbours: [] };
}
