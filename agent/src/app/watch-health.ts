import { codeOf, type ErrorCode, remedyFor } from "@powershare/domain/errors";
import type { Clock } from "../ports/clock.js";
import type { Log } from "../ports/log.js";
import type { Part } from "../ports/overview.js";

const partNames = ["bus", "tpm", "store", "ledger", "clock"] as const;
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
    clock: new Map(),
  };

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#startedAt = this.#now();
  }

  /** The source is well, also where its trouble lay with another part. */
  ok(part: PartName, source: string): void {
    if (this.#sources[part].get(source)?.severity !== "ok") this.#set(part, source, "ok");
    this.#wellElsewhere(part, source);
  }

  /** Trouble of a source, booked to the part that its cause speaks of, or else to `part`. */
  problem(part: PartName, source: string, severity: Severity, error: unknown): void {
    const cause = telling(error);
    const family = codeOf(cause)?.split(".")[0];
    const blamed = partNames.find((name) => name === family) ?? part;
    const before = this.#sources[blamed].get(source);
    const same = before?.severity === severity && reasonOf(before.error) === reasonOf(cause);
    this.#set(blamed, source, severity, cause, same ? before.since : undefined);
    if (!same) {
      const fields = { part: blamed, source, code: reasonOf(cause), err: cause };
      this.#log.warn(fields, "trouble");
    }
    this.#wellElsewhere(blamed, source);
  }

  /** Whether a source of the part other than `source` is in trouble with this code. */
  isElsewhere(part: PartName, source: string, code: ErrorCode): boolean {
    return [...this.#sources[part]].some(
      ([name, { severity, error }]) =>
        name !== source && severity !== "ok" && reasonOf(error) === code,
    );
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
    const code = reasonOf(worst.error) ?? null;
    return {
      state: worst.severity,
      since: worst.since,
      code,
      message: worst.error instanceof Error ? worst.error.message : null,
      remedy: code !== null && isCatalogued(code) ? remedyFor(code) : null,
    };
  }

  #set(
    part: PartName,
    source: string,
    severity: Source["severity"],
    error?: unknown,
    since?: string,
  ): void {
    const before = this.#sources[part].get(source);
    this.#sources[part].set(source, { severity, error, since: since ?? this.#now() });
    if (severity === "ok" && before !== undefined) this.#log.info({ part, source }, "well again");
  }

  #wellElsewhere(part: PartName, source: string): void {
    for (const other of partNames) {
      const severity = this.#sources[other].get(source)?.severity ?? "ok";
      if (other !== part && severity !== "ok") this.#set(other, source, "ok");
    }
  }

  #now(): string {
    return new Date(this.#clock.nowMs()).toISOString();
  }
}

/** The error itself, or the TPM's or the store's that lies beneath it: a signature that failed is no trouble of the ledger. */
function telling(error: unknown): unknown {
  let beneath = error;
  for (let depth = 0; depth < 5 && beneath instanceof Error; depth += 1) {
    if (/^(tpm|store)\./.test(codeOf(beneath) ?? "")) return beneath;
    beneath = beneath.cause;
  }
  return error;
}

/** The contract's own reason where it refused, else the error's code, also one that the catalogue does not know. */
export function reasonOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("reason" in error && typeof error.reason === "string") return error.reason;
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function isCatalogued(code: string): code is ErrorCode {
  return codeOf({ code }) !== undefined;
}
