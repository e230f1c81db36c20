import { meterRole } from "@powershare/domain/evidence";
import { meterEpoch, meteredRegisters } from "@powershare/domain/metering";
import { z } from "zod";
import type { EpochStore } from "../../ports/epochs.js";
import type { RejectedStore } from "../../ports/meters.js";
import type { Database } from "./database.js";
import { rejectedReadings } from "./readings.js";

const storedEpoch = meterEpoch.extend({
  place: z.string(),
  role: meterRole,
  profile: z.string(),
  state: z.enum(["pending", "confirmed", "withdrawn"]),
  asked: z.boolean(),
});

export function createEpochStore(database: Database): EpochStore & RejectedStore {
  return {
    rejectedReadings: (limit) => database.run((connection) => rejectedReadings(connection, limit)),
    epochs: () =>
      database.run((connection) =>
        connection
          .prepare("SELECT body FROM meter_epoch ORDER BY number")
          .pluck()
          .all()
          .map((body) => storedEpoch.parse(JSON.parse(z.string().parse(body)))),
      ),
    saveEpoch: (epoch) =>
      database.transaction((connection) => {
        connection
          .prepare(
            `INSERT INTO meter_epoch (meter, state, body) VALUES (?, ?, ?)
             ON CONFLICT (meter) DO UPDATE SET state = excluded.state, body = excluded.body`,
          )
          .run(epoch.meter, epoch.state, JSON.stringify(epoch));
      }),
    fallen: (meter) =>
      database.run((connection) => {
        const found = connection.prepare("SELECT fallen FROM meter_fall WHERE meter = ?").pluck();
        const body = found.get(meter);
        return body === undefined
          ? []
          : z.array(meteredRegisters).parse(JSON.parse(z.string().parse(body)));
      }),
    saveFallen: (meter, fallen) =>
      database.transaction((connection) => {
        connection
          .prepare(
            `INSERT INTO meter_fall (meter, fallen) VALUES (?, ?)
             ON CONFLICT (meter) DO UPDATE SET fallen = excluded.fallen`,
          )
          .run(meter, JSON.stringify(fallen));
      }),
    pinSetup: (meter, setup) =>
      database.transaction((connection) => {
        connection
          .prepare("INSERT INTO meter_setup (meter, setup) VALUES (?, ?) ON CONFLICT DO NOTHING")
          .run(meter, setup);
        const found = connection.prepare("SELECT setup FROM meter_setup WHERE meter = ?").pluck();
        return z.string().parse(found.get(meter));
      }),
  };
}
