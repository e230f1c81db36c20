import type { MeterRole } from "@powershare/domain/evidence";

export interface LiveMeter {
  readonly meter: string;
  readonly role: MeterRole;
  /** When the newest accepted reading was taken. */
  readonly atMs: number;
  readonly monotonicMs: number;
  readonly values: ReadonlyMap<string, number>;
}

/** What each meter said last, and whether it still speaks. Places are `<bus>/<unit>`. */
export class LiveMeters {
  readonly #meters = new Map<string, LiveMeter>();
  readonly #silent = new Set<string>();

  heard(place: string, meter: LiveMeter): void {
    this.#meters.set(place, meter);
    this.#silent.delete(place);
  }

  silent(place: string): void {
    this.#silent.add(place);
  }

  at(place: string): LiveMeter | undefined {
    return this.#meters.get(place);
  }

  isSilent(place: string): boolean {
    return this.#silent.has(place);
  }

  byRole(role: MeterRole): LiveMeter | undefined {
    return [...this.#meters.values()].find((meter) => meter.role === role);
  }

  /** Whether every meter that still speaks was read at or after this UTC instant. */
  allPassed(boundaryMs: number): boolean {
    const speaking = [...this.#meters].filter(([place]) => !this.#silent.has(place));
    return speaking.length > 0 && speaking.every(([, meter]) => meter.atMs >= boundaryMs);
  }
}
