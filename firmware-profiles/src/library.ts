import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ProfileError } from "./errors.js";
import { nearest } from "./nearest.js";
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
