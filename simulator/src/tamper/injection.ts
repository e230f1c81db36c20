import type { Channel, Fault, Row, Site } from "@powershare/domain/wiring";
import type { SeededRandom } from "../random.js";
import type { View } from "./views.js";

/** Faults that can be made of honest readings. */
export type InjectedFault = Exclude<Fault, "none" | "other">;

export interface Injected {
  readonly rows: readonly Row[];
  /** Index of the first row that is not as measured. */
  readonly from: number;
}

/** One way in which a fault shows, by what is measured. */
export interface Variant {
  readonly name: string;
  readonly applies: (channels: readonly Channel[], view: View) => boolean;
  /** Rows of `rows` from index `from` on become as the fault would show them. */
  readonly inject: (
    rows: readonly Row[],
    from: number,
    random: SeededRandom,
    site: Site,
  ) => Injected;
}

/** A fault that changes each row by itself. */
export function everyRow(
  changeFor: (random: SeededRandom) => (row: Row) => Row,
): Variant["inject"] {
  return (rows, from, random) => {
    const change = changeFor(random);
    return { rows: [...rows.slice(0, from), ...rows.slice(from).map((row) => change(row))], from };
  };
}

/** A test of the channels that are all needed, where the view is one of those given. */
export function measuring(
  needed: readonly Channel[],
  views: readonly View[] = ["measured", "grid"],
): Variant["applies"] {
  return (channels, view) =>
    views.includes(view) && needed.every((channel) => channels.includes(channel));
}

/** As `measuring`, of exactly these channels. */
export function measuringOnly(...exact: readonly Channel[]): Variant["applies"] {
  return (channels, view) =>
    view !== "phases" && channels.length === exact.length && measuring(exact)(channels, view);
}
