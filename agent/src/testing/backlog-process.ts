import { readFileSync, statSync } from "node:fs";
import Sqlite from "better-sqlite3";
import { z } from "zod";
import { openStore } from "../adapters/sqlite/store.js";
import { tpmSigner } from "../adapters/tpm/signer.js";
import type { Store } from "../ports/store.js";
import { writeBacklog } from "./backlog.js";

// A process for tests of whole agents: `fill` puts evidence into an agent's store that its TPM has sealed and
// nobody has sent; `inspect` says how evenly the meters were read since. Settings come on standard input.
const settings = z.strictObject({
  database: z.string(),
  identity: z.string(),
  swtpm: z.string(),
  participant: z.string(),
  meters: z.array(
    z.strictObject({
      id: z.string(),
      place: z.string(),
      importWh: z.int(),
      exportWh: z.int(),
      role: z.enum(["connection", "generator"]),
    }),
  ),
  startMs: z.int(),
  slotSeconds: z.int(),
  slots: z.int(),
  readingEveryMs: z.int(),
  readingsPerCheckpoint: z.int(),
});
const [task] = process.argv.slice(2);
const { database, identity, swtpm, ...rest } = settings.parse(JSON.parse(readFileSync(0, "utf8")));
const { participant, slotSeconds } = rest;
const store = openStore(database, { participant });
const said = task === "inspect" ? inspect(store) : await fill(store);
if (task !== "inspect") store.close();
process.stdout.write(`${JSON.stringify(said)}\n`);

async function fill(into: Store): Promise<object> {
  const signer = tpmSigner({ swtpm }, identity);
  const size = await writeBacklog({ ...rest, store: into, signer });
  await signer.close();
  return { ...size, fileBytes: statSync(database).size };
}

/** How the connection point was read after the backlog: longest pause between two readings of one run of the agent. */
function inspect(of: { close(): void }): object {
  // Its WAL is in the file now.
  of.close();
  const connection = new Sqlite(database, { readonly: true });
  const meter = rest.meters.find(({ role }) => role === "connection")?.id;
  const times = z.array(z.number()).parse(
    connection
      .prepare(
        `SELECT monotonic_ms FROM reading JOIN source ON id = source
         WHERE meter = ? AND at_ms > ? ORDER BY sequence`,
      )
      .pluck()
      .all(meter, rest.startMs + rest.slots * slotSeconds * 1000),
  );
  connection.close();
  const pausesMs = times.slice(1).map((at, index) => at - (times[index] ?? at));
  return { readings: times.length, pausesMs, fileBytes: statSync(database).size };
}
