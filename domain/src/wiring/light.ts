import type { WiringSettings } from "./wiring-settings.js";

/** 2¹⁵ × the sine of 0°, ¼°, … 90°. Chaincode may not compute sines: endorsers could differ in the last bit. */
const sines = [
  0, 143, 286, 429, 572, 715, 858, 1001, 1144, 1286, 1429, 1572, 1715, 1858, 2000, 2143, 2286, 2428,
  2571, 2713, 2856, 2998, 3141, 3283, 3425, 3567, 3709, 3851, 3993, 4135, 4277, 4419, 4560, 4702,
  4843, 4985, 5126, 5267, 5408, 5549, 5690, 5831, 5971, 6112, 6252, 6393, 6533, 6673, 6813, 6953,
  7092, 7232, 7371, 7510, 7650, 7788, 7927, 8066, 8204, 8343, 8481, 8619, 8757, 8895, 9032, 9169,
  9307, 9444, 9580, 9717, 9854, 9990, 10126, 10262, 10397, 10533, 10668, 10803, 10938, 11073, 11207,
  11342, 11476, 11609, 11743, 11876, 12010, 12142, 12275, 12408, 12540, 12672, 12803, 12935, 13066,
  13197, 13328, 13458, 13589, 13719, 13848, 13978, 14107, 14236, 14365, 14493, 14621, 14749, 14876,
  15004, 15131, 15257, 15384, 15510, 15636, 15761, 15886, 16011, 16136, 16260, 16384, 16508, 16631,
  16754, 16877, 16999, 17121, 17243, 17364, 17485, 17606, 17727, 17847, 17966, 18086, 18205, 18324,
  18442, 18560, 18678, 18795, 18912, 19028, 19145, 19261, 19376, 19491, 19606, 19720, 19834, 19948,
  20061, 20174, 20286, 20399, 20510, 20622, 20732, 20843, 20953, 21063, 21172, 21281, 21390, 21498,
  21605, 21713, 21820, 21926, 22032, 22138, 22243, 22348, 22452, 22556, 22659, 22763, 22865, 22967,
  23069, 23170, 23271, 23372, 23472, 23571, 23670, 23769, 23867, 23965, 24062, 24159, 24255, 24351,
  24447, 24542, 24636, 24730, 24824, 24917, 25010, 25102, 25193, 25285, 25375, 25466, 25555, 25645,
  25733, 25822, 25909, 25997, 26083, 26170, 26255, 26341, 26426, 26510, 26594, 26677, 26760, 26842,
  26924, 27005, 27086, 27166, 27246, 27325, 27403, 27482, 27559, 27636, 27713, 27789, 27864, 27939,
  28014, 28088, 28161, 28234, 28306, 28378, 28449, 28520, 28590, 28660, 28729, 28797, 28865, 28932,
  28999, 29066, 29131, 29197, 29261, 29325, 29389, 29452, 29514, 29576, 29637, 29698, 29758, 29818,
  29877, 29935, 29993, 30050, 30107, 30163, 30219, 30274, 30328, 30382, 30435, 30488, 30540, 30592,
  30643, 30693, 30743, 30792, 30840, 30888, 30936, 30983, 31029, 31075, 31120, 31164, 31208, 31251,
  31294, 31336, 31378, 31419, 31459, 31499, 31538, 31576, 31614, 31651, 31688, 31724, 31760, 31795,
  31829, 31863, 31896, 31928, 31960, 31991, 32022, 32052, 32081, 32110, 32138, 32166, 32193, 32219,
  32245, 32270, 32295, 32319, 32342, 32365, 32387, 32408, 32429, 32449, 32469, 32488, 32506, 32524,
  32541, 32557, 32573, 32588, 32603, 32617, 32631, 32643, 32655, 32667, 32678, 32688, 32698, 32707,
  32715, 32723, 32730, 32737, 32743, 32748, 32753, 32757, 32760, 32763, 32765, 32767, 32768, 32768,
] as const;
const one = 32_768;
const quarters = 1_440;

/** Dark: below civil dusk, with room for coarse coordinates. Day: high enough that a generator shows. */
const darkBelowQuarters = -24;
const dayAboveQuarters = 20;

/**
 * What a place sees of the sun at an instant: no generator produces in the `dark`, every one that works does
 * in the course of a `day`; undefined in between. In whole numbers, from a table; right to about a degree.
 *
 * @param solarMs - milliseconds since 1970 UTC
 */
export function lightAt(
  solarMs: number,
  { latitudeDeg, longitudeDeg }: Pick<WiringSettings, "latitudeDeg" | "longitudeDeg">,
): "dark" | "day" | undefined {
  const minutes = Math.floor(solarMs / 60_000);
  // Four years are 1461 days, and a quarter of a degree is a minute of the sun's daily way.
  const year = Math.floor((Math.floor(minutes / quarters) * 4 * quarters) / 1_461);
  // Almanac for 1970-01-01: mean longitude 280.1°, anomaly 357.8° (Michalsky 1988, to a degree).
  const anomaly = sine(year + 1_431);
  const longitude = year + 1_120 + scaled(766 * anomaly);
  const declination = quarterOfSine(Math.trunc((13_035 * sine(longitude)) / one));
  const equationOfTime = scaled(986 * sine(2 * longitude) - 766 * anomaly);
  const hour = (minutes % quarters) - quarters / 2 + 4 * longitudeDeg + equationOfTime;
  const latitude = 4 * latitudeDeg;
  // Below 2⁴⁶, so exact.
  const height =
    sine(latitude) * sine(declination) * one +
    cosine(latitude) * cosine(declination) * cosine(hour);
  if (height < sine(darkBelowQuarters) * one * one) return "dark";
  return height > sine(dayAboveQuarters) * one * one ? "day" : undefined;
}

/** The sun's time for an instant of the clock, both in milliseconds since 1970 UTC. */
export function solarMs(realMs: number, { solarClock }: WiringSettings): number {
  if (solarClock === undefined) return realMs;
  const { originReal, originSolar, speed } = solarClock;
  return Date.parse(originSolar) + (realMs - Date.parse(originReal)) * speed;
}

/** 2¹⁵ × the sine of an angle in quarters of a degree. */
function sine(angle: number): number {
  const turned = ((angle % quarters) + quarters) % quarters;
  const half = turned % 720;
  const value = sines[half <= 360 ? half : 720 - half] ?? 0;
  return turned < 720 ? value : -value;
}

function cosine(angle: number): number {
  return sine(angle + 360);
}

/** The angle, within ±90°, whose sine this is; rounded away from zero. */
function quarterOfSine(value: number): number {
  const angle = sines.findIndex((entry) => entry >= Math.abs(value));
  return value < 0 ? -angle : angle;
}

/** Of hundredths of a quarter degree times 2¹⁵. */
function scaled(hundredths: number): number {
  return Math.trunc(hundredths / (100 * one));
}
