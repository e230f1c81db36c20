import { createHash } from "node:crypto";
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { ProfileError } from "./errors.js";
import { lintProfile } from "./lint/lint.js";
import { resolveFile } from "./resolve.js";
import { profileSchema } from "./schema.js";
import type { Profile } from "./types.js";

const describe = ({ path, message }: z.core.$ZodIssue) =>
  `${path.map(String).join(".") || "(file)"}: ${message}`;

/**
 * Reads a profile from the text of its file.
 * Throws ProfileError: `profile.unreadable` where it is no YAML (with line), `profile.invalid`
 * with all problems and their paths where it breaks the schema or the rules for maps.
 */
export function parseProfile(yamlText: string): Profile {
  const lineCounter = new LineCounter();
  const document = parseDocument(yamlText, { lineCounter, version: "1.2" });
  const [broken] = document.errors;
  if (broken) {
    const { line } = lineCounter.linePos(broken.pos[0]);
    const text = `line ${line}: expected YAML, but ${reasonOf(broken)}`;
    throw new ProfileError("profile.unreadable", text, { cause: broken });
  }
  const parsed = profileSchema.safeParse(contentOf(document));
  if (!parsed.success) throw invalid(parsed.error.issues.map(describe));
  const hash = createHash("sha256").update(yamlText, "utf8").digest("hex");
  const profile = resolveFile(parsed.data, hash);
  const problems = lintProfile(profile, parsed.data);
  if (problems.length > 0) throw invalid(problems);
  return profile;
}

/** The values of the file. Throws ProfileError `profile.unreadable` where aliases run away or lead nowhere. */
function contentOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ProfileError("profile.unreadable", `expected YAML, but ${why}`, { cause: error });
  }
}

/** Without the parser's own place and excerpt behind it. */
const reasonOf = ({ message }: Error) => message.split("\n", 1)[0]?.replace(/ at line .*$/, "");

function invalid(problems: readonly string[]): ProfileError {
  return new ProfileError("profile.invalid", `invalid profile: ${problems.join("; ")}`, {
    problems,
  });
}
