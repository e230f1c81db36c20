import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { answerNo, print, say } from "../output.js";

const files = `
SITE.json is described by docs/schemas/site.json, the answer by docs/schemas/tamper-replay.json.
Readings have a header with ts_utc (start of the interval, ISO 8601 with Z) and seconds, then any of
  production_wh, consumption_wh, import_wh, export_wh, production_w, consumption_w,
  grid_w, grid_l1_w, grid_l2_w, grid_l3_w (+ is import), voltage_l1_v, voltage_l2_v, voltage_l3_v,
  battery_w, soc_percent
An empty cell was not measured. The site may name a file of neighbours' production, relative to
itself, with ts_utc, seconds, household, production_wh.`;

export function registerTamperCommands(program: Command): void {
  const tamper = program.command("tamper").description("find wrong wiring and tampering");
  tamper
    .command("replay")
    .description("run the detectors over a household's past; exit 1 where production was held")
    .requiredOption("--site <file>", "JSON file of the household's site")
    .argument("<readings>", "CSV file of its readings, as .csv.gz too")
    .option("--json", "print one JSON document")
    .addHelpText("after", files)
    .action(replayFile);
}

interface Options {
  readonly site: string;
  readonly json?: true;
}

async function replayFile(readingsFile: string, { site: siteFile, json }: Options): Promise<void> {
  const { watchWiring } = await import("@powershare/domain/wiring");
  const { describeReplay } = await import("../tamper/describe.js");
  const { readNeighbours } = await import("../tamper/neighbours.js");
  const { readReadings } = await import("../tamper/readings.js");
  const { Replay, tamperingFound } = await import("../tamper/replay.js");
  const { readSite } = await import("../tamper/site-file.js");
  const warn = (sentence: string) => say(`powershare: ${sentence}`);
  const site = await readSite(siteFile);
  const neighbours =
    site.neighbours === null
      ? undefined
      : await readNeighbours(resolve(dirname(siteFile), site.neighbours), site.householdId, warn);
  const replay = new Replay(watchWiring(site), site.channels, neighbours);
  await readReadings(readingsFile, warn, (row) => replay.push(row));
  const { unmeasured } = replay.coverage;
  if (unmeasured.length > 0) {
    warn(`${readingsFile}: no reading of ${unmeasured.join(", ")}, which the site declares`);
  }
  const result = replay.result();
  if (tamperingFound(result)) process.exitCode = answerNo;
  print(json === true ? JSON.stringify(result) : describeReplay(site.householdId, result));
}
