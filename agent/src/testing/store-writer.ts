import { writeSync } from "node:fs";
import { codeOf } from "@powershare/domain/errors";
import { Database } from "../adapters/sqlite/database.js";
import { storeOn } from "../adapters/sqlite/store.js";
import { StoreScript } from "./store-script.js";

// A process for tests to kill, trace and starve: `store-writer PATH STEPS [PRAGMA…]`. Says on standard
// output what is on the disk. 0 steps: until killed. Pragmas are for negative controls.
const [path = "", steps = "0", ...pragmas] = process.argv.slice(2);
/** As the agent, which tries again for ever; a test has to end. */
const mostFailures = 30;
let failures = 0;

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function failed(error: unknown): void {
  failures += 1;
  say(`trouble ${codeOf(error)}`);
  if (failures === mostFailures) process.exit(3);
}

function opened(): Database {
  for (;;) {
    try {
      return new Database(path);
    } catch (error) {
      failed(error);
    }
  }
}

const database = opened();
database.run((connection) => {
  for (const pragma of pragmas) connection.pragma(pragma);
});
const script = new StoreScript(storeOn(database, { participant: "h1" }), say);
let done = 0;
function work(): void {
  try {
    script.step();
    done += 1;
    failures = 0;
  } catch (error) {
    failed(error);
  }
  if (done === Number(steps)) database.close();
  else setImmediate(work);
}
work();
