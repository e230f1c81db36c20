import { CodedError } from "@powershare/domain/errors";
import { loadProfile } from "@powershare/firmware-profiles";
import type { Asker } from "../asker.js";
import { meterName } from "../meters.js";
import { choice, maybe, number, text, yesNo } from "../questions.js";
import {
  type ComparedMeter,
  type InstalledMeter,
  resultSchemas,
  type StepResults,
} from "../results.js";
import type { Step, Tools } from "../step.js";

type Household = StepResults["channels"];

const nominalV = 230;
/** Ratings of fuses and breakers up to 100 A (IEC 60898-1, clause 5.3.2). */
const ratingsA = [6, 10, 13, 16, 20, 25, 32, 40, 50, 63, 80, 100];

/** Which meter measures what, and what stands at the house. */
export const channelsStep: Step<"channels"> = {
  id: "channels",
  title: "Meters and house",
  // Without the registers' values, which are others at each comparison.
  inputs: (done) => done("display").meters.map(({ registers: _registers, ...meter }) => meter),
  result: resultSchemas.channels,
  run: async (done, tools) => {
    const { meters } = done("display");
    for (;;) {
      const household = await askAll(meters, tools);
      showAll(household, tools);
      if (await tools.ask.confirm("Is all of this right?", true)) return household;
      tools.screen.text("Then once more; Enter keeps what stands in brackets.");
      await tools.ask.forget(() => true);
    }
  },
  summary: ({ meters, site }) => {
    const pv = site.pv === null ? "no PV" : `PV ${site.pv.peakW} W`;
    const storage = site.storage === "none" ? "no battery" : `battery (${site.storage})`;
    const count = meters.length === 1 ? "1 meter" : `${meters.length} meters`;
    return `${count}, ${pv}, ${storage}${site.ev ? ", EV" : ""}`;
  },
};

async function askAll(all: readonly ComparedMeter[], tools: Tools): Promise<Household> {
  const { ask, screen } = tools;
  screen.gap();
  const roles = await askRoles(all, tools);
  const hasGenerator = roles.some(({ role }) => role === "generator");
  const pv = await askPv(ask, hasGenerator);
  const meters: InstalledMeter[] = [];
  for (const { meter, role } of roles) {
    const place = `meters/${meterName(meter, all)}/fuseA`;
    const proposal = role === "generator" && pv !== null ? fuseFor(pv.peakW, meter.phases) : {};
    const what = role === "connection" ? "Main fuse, A" : "Fuse of the PV circuit, A";
    const range = { low: 1, high: 1000, isWhole: true };
    meters.push({
      ...meter,
      role,
      fuseA: await ask.ask(number({ place, text: what, ...proposal }, range)),
    });
  }
  requireOneSetting(meters);
  const site = { ...(await askSite(ask)), pv };
  const contact = await ask.ask(
    text(
      { place: "operator/contact", text: "Operator's name and telephone, for the household" },
      "at most 120 characters",
      /^.{1,120}$/,
    ),
  );
  const language = await ask.ask(
    choice({ place: "language", text: "Language of the household's page" }, [
      { name: "en", means: "English" },
      { name: "pt", means: "Português" },
    ]),
  );
  return { meters, site, contact, language };
}

interface MeterRole {
  readonly meter: ComparedMeter;
  readonly role: InstalledMeter["role"];
}

/** @throws CodedError up.roles where it cannot be asked again */
async function askRoles(
  all: readonly ComparedMeter[],
  { ask, screen }: Tools,
): Promise<MeterRole[]> {
  for (;;) {
    const roles: MeterRole[] = [];
    for (const meter of all) {
      const { maker, model } = loadProfile(meter.profile);
      const name = meterName(meter, all);
      const place = `meters/${name}/role`;
      const question = choice(
        { place, text: `Unit ${name}, ${maker} ${model}, ${meter.serialNumber}, measures` },
        [
          { name: "connection", means: "all that flows between house and grid" },
          { name: "generator", means: "what the PV makes, behind that meter" },
          { name: "none", means: "something else: it is left alone" },
        ],
      );
      const role = await ask.ask(question);
      if (role !== "none") roles.push({ meter, role });
    }
    const count = (role: string) => roles.filter((each) => each.role === role).length;
    if (count("connection") === 1 && count("generator") <= 1) return roles;
    const message =
      "expected one meter between house and grid, and at most one that measures the PV";
    if (all.some((meter) => ask.isGiven(`meters/${meterName(meter, all)}/role`))) {
      throw new CodedError("up.roles", message);
    }
    screen.text(`Not so: ${message}.`);
    await ask.forget((place) => place.endsWith("/role"));
  }
}

async function askPv(ask: Asker, hasGenerator: boolean): Promise<Household["site"]["pv"]> {
  const there = { place: "site/pv", text: "Is there PV at the house?" };
  if (!hasGenerator && !(await ask.ask(yesNo(there)))) return null;
  const at = (name: string, asked: string) => ({ place: `site/pv/${name}`, text: asked });
  const peakW = await ask.ask(
    number(at("peakW", "Peak power of the PV, W"), { low: 100, high: 1_000_000, isWhole: true }),
  );
  const azimuth = number(at("azimuthDeg", "It faces: 90 east, 180 south, 270 west"), {
    low: 0,
    high: 360,
  });
  const tilt = number(at("tiltDeg", "Its tilt in degrees, 0 is flat"), { low: 0, high: 90 });
  return {
    peakW,
    azimuthDeg: await ask.ask(maybe(azimuth, "not known")),
    tiltDeg: await ask.ask(maybe(tilt, "not known")),
  };
}

async function askSite(ask: Asker): Promise<Omit<Household["site"], "pv">> {
  const storage = await ask.ask(
    choice({ place: "site/storage", text: "Battery" }, [
      { name: "none", means: "there is none" },
      { name: "ac", means: "behind its own inverter" },
      { name: "dc", means: "behind the PV's inverter (hybrid)" },
    ]),
  );
  const ev = await ask.ask(yesNo({ place: "site/ev", text: "Is an electric car charged here?" }));
  const latitude = await ask.ask(
    number({ place: "site/latitude", text: "Latitude, e.g. 38.7" }, { low: -90, high: 90 }),
  );
  const longitude = await ask.ask(
    number({ place: "site/longitude", text: "Longitude, e.g. -9.1" }, { low: -180, high: 180 }),
  );
  const seal = text(
    { place: "site/sealNumber", text: "Number of the seal on the cabinet" },
    "at most 64 characters",
    /^.{1,64}$/,
  );
  return {
    storage,
    ev,
    // A tenth of a degree is enough for the sun, and says no more than the town.
    latitude: Math.round(latitude * 10) / 10,
    longitude: Math.round(longitude * 10) / 10,
    sealNumber: await ask.ask(maybe(seal, "none")),
  };
}

/** The next rating that the generator's peak power does not reach. */
function fuseFor(peakW: number, phases: 1 | 3): { proposal?: string } {
  const rating = ratingsA.find((each) => each * nominalV * phases > peakW);
  return rating === undefined ? {} : { proposal: String(rating) };
}

/** @throws CodedError up.line-settings: the agent opens a line with one setting for all of its meters */
function requireOneSetting(meters: readonly InstalledMeter[]): void {
  for (const [index, meter] of meters.entries()) {
    const rival = meters
      .slice(0, index)
      .find(
        ({ line, setting }) =>
          JSON.stringify(line) === JSON.stringify(meter.line) &&
          (setting?.baudRate !== meter.setting?.baudRate ||
            setting?.parity !== meter.setting?.parity),
      );
    if (rival !== undefined) {
      const told = ({ unit, setting }: InstalledMeter) =>
        `unit ${unit} at ${setting?.baudRate} Bd, parity ${setting?.parity}`;
      throw new CodedError("up.line-settings", `on one line: ${told(rival)}, ${told(meter)}`);
    }
  }
}

function showAll({ contact, language, meters, site }: Household, { screen }: Tools): void {
  const { pv } = site;
  const known = (value: number | null, unit: string) =>
    value === null ? "not known" : `${value}${unit}`;
  const rows: [string, string][] = [
    ...meters.map(({ fuseA, phases, profile, role, serialNumber }): [string, string] => [
      role === "connection" ? "house to grid" : "PV",
      `${profile} ${serialNumber}, ${phases === 1 ? "1 phase" : "3 phases"}, fuse ${fuseA} A`,
    ]),
    [
      "PV system",
      pv === null
        ? "none"
        : `${pv.peakW} W, faces ${known(pv.azimuthDeg, "°")}, tilt ${known(pv.tiltDeg, "°")}`,
    ],
    ["battery", { none: "none", ac: "own inverter", dc: "behind the PV's inverter" }[site.storage]],
    ["electric car", site.ev ? "yes" : "no"],
    ["place", `${site.latitude}, ${site.longitude} (to 0.1°)`],
    ["seal", site.sealNumber ?? "none"],
    ["operator", contact],
    ["page in", language === "en" ? "English" : "Português"],
  ];
  screen.gap();
  for (const [name, value] of rows) screen.row(`${name.padEnd(14)} ${value}`);
}
