const dayMs = 86_400_000;

/** Mean solar time: the day counts from midnight at the longitude, the hour from 0 to 23. Within half an hour of the sun's own. */
export function solarTime(
  ms: number,
  longitude: number,
): { readonly day: number; readonly hour: number } {
  const days = ms / dayMs + longitude / 360;
  const day = Math.floor(days);
  return { day, hour: Math.floor((days - day) * 24) };
}
