import { createHash } from "node:crypto";
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { ProfileError } from "./errors.js";
import { lintProfile } from "./lint.js";
import { registerUnits } from "./quantities.js";
import {
  type Profile,
  type ProfileFile,
  profileSchema,
  type Register,
  typeRegisters,
} from "./schema.js";

type Entry = ProfileFile["registers"][number] | ProfileFile["identity"][number];

function toRegister(entry: Entry, defaults: ProfileFile["defaults"]): Register {
  const type = entry.type ?? defaults.type;
  const poll = "pollClass" in entry ? entry : undefined;
  return {
    quantity: entry.quantity,
    table: entry.table ?? defaults.table,
    address: entry.address,
    type,
    wordOrder: entry.wordOrder ?? defaults.wordOrder,
    length: type === "ascii" ? (entry.length ?? 0) : typeRegisters[type],
    scale: poll?.scale ?? 1,
    factor: registerUnits.get(poll?.unit ?? "")?.factor ?? 1,
    sign: poll?.sign ?? 1,
    pollClass: poll?.pollClass ?? "identity",
  };
}

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
  const parsed = profileSchema.safeParse(document.toJS());
  if (!parsed.success) throw invalid(parsed.error.issues.map(describe));
  const { defaults, registers, identity, ...head } = parsed.data;
  const profile: Profile = {
    ...head,
    hash: createHash("sha256").update(yamlText, "utf8").digest("hex"),
    registers: registers.map((entry) => toRegister(entry, defaults)),
    identity: identity.map((entry) => toRegister(entry, defaults)),
  };
  const problems = lintProfile(profile, parsed.data);
  if (problems.length > 0) throw invalid(problems);
  return profile;
}

/** Without the parser's own place and excerpt behind it. */
const reasonOf = ({ message }: Error) => message.split("\n", 1)[0]?.replace(/ at line .*$/, "");

function invalid(problems: readonly string[]): ProfileError {
  return new ProfileError("profile.invalid", `invalid profile: ${problems.join("; ")}`, {
    problems,
  });
}
