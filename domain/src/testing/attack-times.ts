import { between, pick, type Random } from "./attack-edits.js";

export const minute = 60_000;
export const shifted = (text: string, byMs: number): string => {
  const moved = new Date(Date.parse(text) + byMs).toISOString();
  return text.includes(".") ? moved : moved.replace(".000Z", "Z");
};
export const someMs = (random: Random): number =>
  1000 * pick([-1, 1], random) * between(1, 90_000, random);
