import { codeOf, type ErrorCode, remedyFor } from "@powershare/domain/errors";
import type { Clock } from "../ports/clock.js";
import type { Log } from "../ports/log.js";
import type { Part } from "../ports/overview.js";

const partNames = ["bus", "tpm", "store", "ledger"] as const;
export type PartName = (typeof partNames)[number];
export type Severity = "degraded" | "failed";

interface Source {
  readonly severity: Severity | "ok";
  readonly error?: unknown;
  readonly since: string;
}

const rank = { ok: 0, degraded: 1, failed: 2 } as const;

/**
 * Collects what each service meets. A part may have several sources (the meters of a bus); the worst
 * one speaks for it. Says a change once in the log, and what to do about it from the catalogue.
 */
export class Health {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #startedAt: string;
  readonly #sources: Record<PartName, Map<string, Source>> = {
    bus: new Map(),
    tpm: new Map(),
    store: new Map(),
    ledger: new Map(),
  };

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#startedAt = this.#now();
  }

  ok(part: PartName, source: string): void {
    const before = this.#sources[part].get(source);
    if (before?.severity === "ok") return;
    this.#sources[part].set(source, { severity: "ok", since: this.#now() });
    if (before !== undefined) this.#log.info({ part, source }, "well again");
  }

  problem(part: PartName, source: string, severity: Severity, error: unknown): void {
    const before = this.#sources[part].get(source);
    const same = before?.severity === severity && codeIn(before.error) === codeIn(error);
    this.#sources[part].set(source, { severity, error, since: same ? before.since : this.#now() });
    if (!same) this.#log.warn({ part, source, code: codeIn(error), err: error }, "trouble");
  }

  part(name: PartName): Part {
    const sources = [...this.#sources[name].values()];
    const worst = sources.reduce<Source | undefined>(
      (bad, source) =>
        bad === undefined || rank[source.severity] > rank[bad.severity] ? source : bad,
      undefined,
    );
    if (worst === undefined) {
      return { state: "starting", since: this.#startedAt, code: null, message: null, remedy: null };
    }
    const code = codeIn(worst.error) ?? null;
    return {
      state: worst.severity,
      since: worst.since,
      code,
      message: worst.error instanceof Error ? worst.error.message : null,
      remedy: code !== null && isCatalogued(code) ? remedyFor(code) : null,
    };
  }

  #now(): string {
    return new Date(this.#clock.nowMs()).toISOString();
  }
}

/** The part that an error speaks of, by the family of its code. */
export function partOf(error: unknown, otherwise: PartName): PartName {
  const family = codeOf(error)?.split(".")[0];
  return partNames.find((name) => name === family) ?? otherwise;
}

/** The contract's own reason where it refused, else the error's code, also one that the catalogue does not know. */
function codeIn(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("reason" in error && typeof error.reason === "string") return error.reason;
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function isCatalogued(code: string): code is ErrorCode {
  return codeOf({ code }) !== undefined;
}
