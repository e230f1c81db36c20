import type { ProfileFile } from "../schema.js";
import type { Profile } from "../types.js";
import { factorProblems } from "./factors.js";
import { identityProblems } from "./identity.js";
import { pairProblems } from "./pairs.js";
import { placeProblems } from "./places.js";
import { transportProblems } from "./transport.js";
import { valueProblems } from "./values.js";

/** What is wrong with a map that the schema cannot judge entry by entry: each with its path. */
export function lintProfile(profile: Profile, file: ProfileFile): string[] {
  return [
    ...transportProblems(file),
    ...valueProblems(profile, file),
    ...factorProblems(profile, file),
    ...identityProblems(profile, file),
    ...placeProblems(profile, file),
    ...pairProblems(profile),
  ];
}
