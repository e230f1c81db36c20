import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const path = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

const answer = z.union([
  z.object({ proven: z.literal(true), proves: z.record(z.string(), z.unknown()) }),
  z.object({ proven: z.literal(false), code: z.string(), place: z.string() }),
  z.object({ unreadable: z.string() }),
]);
export type SecondAnswer = z.infer<typeof answer>;

/** The Python that set-up installed with the packages that tests need. */
export const pythonOfTests = (): string =>
  execFileSync(process.execPath, [path("scripts/python.mjs")], { encoding: "utf8" }).trim();

/** What the second verifier says of files, in their order, by one run of it. */
export function secondVerifier(files: readonly string[]): SecondAnswer[] {
  const program = path("docs/verifier/verify_evidence.py");
  // Its exit code is the worst of all files.
  const command = `"$0" "$@" || [ $? -le 2 ]`;
  const output = execFileSync("sh", ["-c", command, pythonOfTests(), program, "--json", ...files], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const lines = output.trim().split("\n");
  return lines.map((line) => answer.parse(JSON.parse(line)));
}
