import { InvalidArgumentError } from "commander";

/**
 * An instant or a day (UTC) of the command line.
 * @returns ISO 8601 with milliseconds and Z
 * @throws InvalidArgumentError
 */
export function instantOption(text: string): string {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const ms = Date.parse(day ? `${text}T00:00:00Z` : text);
  if (Number.isNaN(ms) || !(day || /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(text))) {
    throw new InvalidArgumentError("expected an instant such as 2026-11-01T00:00:00Z, or a day");
  }
  return new Date(ms).toISOString();
}
