import type { SeededRandom } from "../random.js";
import { exponential, secondsPerDay } from "./noise.js";

/** Where a home's power goes, second by second of one day. `resistive` takes more at a higher voltage. */
export type Paint = (
  fromSecond: number,
  toSecond: number,
  phase: number,
  watts: number,
  kind: "resistive" | "motor" | "electronic",
) => void;

/** What a home has; the phase each is plugged into was drawn once. */
export interface Appliances {
  readonly phases: readonly number[];
  readonly heatPump: boolean;
  readonly evW: number;
  /** Uses of the kettle, oven, washing machine and their like, on a mean day. */
  readonly uses: number;
}

const hour = 3600;

/** One day of a home's appliances, each with the switching of the real thing at one second. */
export function dayOf(appliances: Appliances, random: SeededRandom, paint: Paint): void {
  const { phases, heatPump, evW, uses } = appliances;
  const phase = (index: number) => phases[index % phases.length] ?? 0;
  standing(phase(0), random, paint);
  fridge(phase(1), random, paint);
  for (let use = 0; use < uses; use += 1) {
    const at = mealTime(random);
    const which = random.next();
    const where = phase(Math.floor(random.next() * 8));
    if (which < 0.45)
      paint(at, at + random.between(60, 240), where, random.between(1800, 2400), "resistive");
    else if (which < 0.6)
      pulses(
        at,
        random.between(1200, 3600),
        [40, 50],
        random.between(1800, 2600),
        where,
        random,
        paint,
      );
    else if (which < 0.75)
      pulses(
        at,
        random.between(900, 2400),
        [8, 14],
        random.between(1000, 1800),
        where,
        random,
        paint,
      );
    else if (which < 0.9) washing(at, where, random, paint);
    else paint(at, at + random.between(300, 3600), where, random.between(100, 400), "electronic");
  }
  if (heatPump) compressor(phase(2), random, paint);
  if (evW > 0 && random.next() < 0.6) charge(evW, phases, random, paint);
}

/** Routers, standby, ventilation, lamps in the evening. */
function standing(phase: number, random: SeededRandom, paint: Paint): void {
  paint(0, secondsPerDay, phase, random.between(40, 150), "electronic");
  for (let lamp = 0; lamp < 8; lamp += 1) {
    const from = random.between(16, 21) * hour;
    paint(from, from + random.between(1, 4) * hour, phase, random.between(8, 60), "electronic");
  }
}

function fridge(phase: number, random: SeededRandom, paint: Paint): void {
  for (let at = random.between(0, 2400); at < secondsPerDay; at += random.between(1500, 3300)) {
    paint(at, at + 1, phase, 700, "motor");
    paint(at + 1, at + random.between(600, 1200), phase, random.between(70, 120), "motor");
  }
}

/** Ovens and hobs by their thermostat, microwaves by their clock. */
function pulses(
  from: number,
  seconds: number,
  [on, off]: readonly [number, number],
  watts: number,
  phase: number,
  random: SeededRandom,
  paint: Paint,
): void {
  for (let at = from; at < from + seconds; at += (on + off) * random.between(0.8, 1.2)) {
    paint(at, at + on * random.between(0.8, 1.2), phase, watts, "resistive");
  }
}

function washing(at: number, phase: number, random: SeededRandom, paint: Paint): void {
  paint(at, at + random.between(600, 1500), phase, random.between(1800, 2200), "resistive");
  pulses(at, 3600, [12, 8], 250, phase, random, (from, to, where, watts) => {
    paint(from, to, where, watts, "motor");
  });
}

/** A heat pump with an inverter: it starts slowly, then follows its need in small steps. */
function compressor(phase: number, random: SeededRandom, paint: Paint): void {
  for (let at = random.between(0, 3600); at < secondsPerDay; at += random.between(1200, 5400)) {
    const end = at + random.between(1200, 4800);
    const watts = random.between(700, 2200);
    for (let step = 0; step < 10; step += 1) paint(at + 6 * step, end, phase, watts / 10, "motor");
    for (let second = at + 60; second < end; second += 120) {
      paint(second, second + 120, phase, random.between(-60, 60), "motor");
    }
  }
}

function charge(
  watts: number,
  phases: readonly number[],
  random: SeededRandom,
  paint: Paint,
): void {
  const from = random.between(17, 23.5) * hour;
  const to = from + random.between(1, 6) * hour;
  for (const phase of new Set(phases))
    paint(from, to, phase, watts / new Set(phases).size, "electronic");
}

/** Most often in the morning and evening, hardly at night. */
function mealTime(random: SeededRandom): number {
  const around = [7.5, 12.5, 18.5, 20][Math.floor(random.next() * 4)] ?? 12;
  const spread = exponential(random, 1.2) * (random.next() < 0.5 ? -1 : 1);
  return Math.max(0, Math.min(23.5, around + spread)) * hour;
}
