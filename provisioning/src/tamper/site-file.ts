import { CodedError } from "@powershare/domain/errors";
import { type Site, site } from "@powershare/domain/wiring";
import { inFile, readJson } from "../input-file.js";

/**
 * Reads a household's site.
 *
 * @throws UnreadableInput with line and column where it is no JSON, else with the path of the first
 *   member that is wrong (`wiring.site`)
 */
export async function readSite(path: string): Promise<Site> {
  const json = await readJson(path);
  return inFile(path, () => {
    const parsed = site.safeParse(json);
    if (parsed.success) return parsed.data;
    const [first, ...others] = parsed.error.issues;
    const more = others.length > 0 ? ` (and ${others.length} more)` : "";
    const at = ["$", ...(first?.path ?? [])].map(String).join(".");
    throw new CodedError("wiring.site", `${at}: ${first?.message}${more}`);
  });
}
