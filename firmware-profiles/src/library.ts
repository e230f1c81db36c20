import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ProfileError } from "./errors.js";
import { parseProfile } from "./profile.js";
import type { Profile } from "./types.js";

/** Beside src/ and dist/ alike. */
const folder = fileURLToPath(new URL("../profiles/", import.meta.url));

/** Ids of all profiles, sorted. */
export function profileIds(): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length).replaceAll("\\", "/"))
    .sort();
}

/** All profiles, sorted by id. Throws ProfileError where one is broken. */
export function listProfiles(): Profile[] {
  return profileIds().map(loadProfile);
}

/** The text of a profile's file. Throws ProfileError `profile.unknown`, with the nearest ids there are. */
export function profileText(id: string): string {
  const ids = profileIds();
  if (!ids.includes(id)) {
    const near = nearest(id, ids).join(", ");
    throw new ProfileError("profile.unknown", `there is no profile "${id}"; near it: ${near}`);
  }
  return readFileSync(`${folder}${id}.yaml`, "utf8");
}

/** The profile of a meter. Throws ProfileError as profileText, and where the file is broken. */
export function loadProfile(id: string): Profile {
  const profile = parseProfile(profileText(id));
  if (profile.id !== id) {
    const text = `invalid profile: id: expected ${id}, found ${profile.id}`;
    throw new ProfileError("profile.invalid", text, { problems: [text] });
  }
  return profile;
}

/** Up to three ids, by the fewest letters to change. */
function nearest(id: string, ids: readonly string[]): string[] {
  const distanceTo = (other: string) =>
    Math.min(editDistance(id, other), 1 + editDistance(id, other.split("/")[1] ?? other));
  return ids.toSorted((a, b) => distanceTo(a) - distanceTo(b)).slice(0, 3);
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const change = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
