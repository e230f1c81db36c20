import type { Site } from "./site.js";
import { skyOver } from "./sun.js";

/**
 * Meters' clocks are off by an hour where summer time was not told them, and files by half an interval;
 * what is called dark stays so with the clock an hour off either way.
 */
export const clockMarginSeconds = 3600;
/** Below this, panels give less than their inverter takes to wake up. */
const twilightDeg = -4;
/** And with the clock an hour off, the sun at least does not shine on them. */
const horizonDeg = -1;

/** Whether it is dark during the whole of an interval, whatever the clock's error. */
export function darkness(site: Site): (startMs: number, endMs: number) => boolean {
  const near = skyOver(site);
  const wide = skyOver(site);
  return (startMs, endMs) => {
    const seconds = (endMs - startMs) / 1000;
    return (
      near({ startMs, seconds }).highestDeg < twilightDeg &&
      wide({
        startMs: startMs - clockMarginSeconds * 1000,
        seconds: seconds + 2 * clockMarginSeconds,
      }).highestDeg < horizonDeg
    );
  };
}
