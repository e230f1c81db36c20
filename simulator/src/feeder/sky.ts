import type { SeededRandom } from "../random.js";
import { exponential, normal, secondsPerDay } from "./noise.js";

/** A day's production of a generator of 1 W, by second: a clear day's arc under clouds that come and go. */
export function sky(random: SeededRandom): Float32Array {
  const share = new Float32Array(secondsPerDay);
  const cloudiness = random.next();
  let through = 1;
  let aim = 1;
  let until = 0;
  for (let second = 0; second < secondsPerDay; second += 1) {
    if (second >= until) {
      const clouded = aim === 1 && cloudiness > 0.15;
      aim = clouded ? random.between(0.15, 0.7) : 1;
      until = second + exponential(random, clouded ? 900 * cloudiness : 1200 * (1.1 - cloudiness));
    }
    // A cloud's edge takes half a minute over the roof.
    through += (aim - through) / 15 + 0.002 * normal(random);
    const height = Math.sin((Math.PI * (second / 3600 - 6)) / 12);
    share[second] = height > 0 ? Math.max(0, height * Math.min(1.1, through)) : 0;
  }
  return share;
}
