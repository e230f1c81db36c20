import { type Finding, type RuleRun, type Site, voltageResponse } from "@powershare/domain/wiring";
import { Feeder, type FeederSpec } from "./feeder.js";
import { type Channels, type Reading, rowsOf } from "./reading.js";
import { type Wiring, wired } from "./wiring.js";

/** One way of measuring a home, and one way of having it wired. */
export interface Trial {
  readonly reading: Reading;
  readonly channels: Channels;
  readonly wiring: Wiring;
  /** Seconds of each day that are measured at all; the whole day where it is left out. */
  readonly between?: readonly [number, number];
}

export interface Outcome {
  readonly trial: Trial;
  /** After how many hours the answer was first right; undefined where it never was. */
  readonly foundHours: number | undefined;
  /** Whether a right wiring was ever called wrong, or a wrong one right. */
  readonly isFalse: boolean;
  /** The same, and it would have been held. */
  readonly isFalselyHeld: boolean;
  /** A wrong wiring that was called by another fault's name at some time. */
  readonly isMisnamed: boolean;
}

const startMs = Date.UTC(2026, 2, 1);
const dayMs = 86_400_000;
const askEveryMs = 60_000;

/** Lets a home live on its feeder and asks the rule every minute what it thinks, in every trial. */
export function score(spec: FeederSpec, days: number, trials: readonly Trial[]): Outcome[] {
  const feeder = new Feeder(spec);
  const watched = trials.map((trial) => new Watched(trial, spec));
  for (let day = 0; day < days; day += 1) {
    const measured = feeder.day(day);
    for (const group of sameRows(watched)) {
      const { reading, channels } = group[0].trial;
      const rows = rowsOf(
        measured,
        reading,
        channels,
        startMs + day * dayMs,
        `${spec.seed}/${day}`,
      );
      for (const row of rows) for (const one of group) one.push(row);
    }
  }
  return watched.map((one) => one.outcome());
}

type Group = [Watched, ...Watched[]];

/** Trials that see the same readings, wired in different ways. */
function sameRows(watched: readonly Watched[]): Group[] {
  const groups = new Map<string, Group>();
  for (const one of watched) {
    const key = JSON.stringify([one.trial.reading, one.trial.channels]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}

class Watched {
  readonly trial: Trial;
  readonly #run: RuleRun | undefined;
  #foundHours: number | undefined;
  #isFalse = false;
  #isFalselyHeld = false;
  #isMisnamed = false;

  constructor(trial: Trial, spec: FeederSpec) {
    this.trial = trial;
    this.#run = voltageResponse.start(siteOf(spec));
  }

  push(row: Parameters<RuleRun["push"]>[0]): void {
    const { wiring, between: [from, to] = [0, dayMs / 1000] } = this.trial;
    const second = ((row.startMs - startMs) % dayMs) / 1000;
    if (second < from || second >= to) return;
    this.#run?.push(wired(row, wiring));
    const endMs = row.startMs + row.seconds * 1000;
    const finding = this.#run?.finding;
    if (endMs % askEveryMs === 0 && finding !== undefined) this.#judge(finding(), endMs);
  }

  outcome(): Outcome {
    return {
      trial: this.trial,
      foundHours: this.#foundHours,
      isFalse: this.#isFalse,
      isFalselyHeld: this.#isFalselyHeld,
      isMisnamed: this.#isMisnamed,
    };
  }

  #judge(finding: Finding, endMs: number): void {
    if (finding.says === "nothing") return;
    const said = finding.says === "right" ? "right" : finding.fault;
    const { wiring } = this.trial;
    if (said === wiring) this.#foundHours ??= (endMs - startMs) / 3_600_000;
    else if (said === "right" || wiring === "right") {
      this.#isFalse = true;
      this.#isFalselyHeld ||= finding.says === "wrong" && finding.verdict === "held";
    } else this.#isMisnamed = true;
  }
}

function siteOf({ phases, pvW }: FeederSpec): Site {
  return {
    householdId: "measured",
    latitude: 40,
    longitude: 0,
    pv: pvW > 0 ? { peakW: pvW, azimuthDeg: 180, tiltDeg: 30 } : null,
    storage: "none",
    ev: false,
    phases,
    commissionedAt: "2026-01-01T00:00:00Z",
    channels: ["grid"],
    neighbours: null,
  };
}
