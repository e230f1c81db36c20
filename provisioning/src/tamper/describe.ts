import type { Fault } from "@powershare/domain/wiring";
import type { ReplayResult } from "./result.js";

/** What a household or its electrician does about a fault. */
const remedies: Readonly<Record<Fault, string>> = {
  none: "Nothing is to be done.",
  swapped:
    "Have an electrician compare the cables at both meters with their labels, then prove the wiring anew.",
  reversed:
    "Have the current clamp turned round (its arrow points to the house), or its two wires exchanged; then prove the wiring anew.",
  "phase-reversed":
    "Have the clamp of the phase that is named turned round, then prove the wiring anew.",
  partial:
    "See whether a string, an inverter or a phase is off, shaded or not on the meter; then have clamps and their ratio checked.",
  scaled:
    "Have the ratio of the current transformers compared with the one set in the meter, and the declared peak power with the generator's.",
  stuck: "Restart the meter or the inverter; if the value stays the same, have the meter replaced.",
  dead: "See whether the inverter works and the meter has power and its clamps; report an outage that is known.",
  "clock-shift": "Set the clock of what wrote the readings to UTC, and let it follow time servers.",
  "storage-as-solar":
    "Declare the battery in the site's description and have it measured by itself.",
  replayed:
    "Have the meter and its line to the agent inspected; readings of another day came in again.",
  other: "Have an electrician inspect the meters and their cables.",
};

/** The result as text for people; instants are UTC. */
export function describeReplay(householdId: string, result: ReplayResult): string {
  const { days, coverage, verdicts, epochs, final } = result;
  return [
    `${householdId}: ${days} days, ${percent(coverage)} measured`,
    "",
    ...(verdicts.length === 0
      ? ["No rule found anything wrong."]
      : ["Verdicts, where they changed (UTC):"]),
    ...verdicts.flatMap(({ at, verdict, fault, rule, from, to, confidence, explanation }) => [
      `  ${minute(at)}  ${named(verdict, fault)}  by ${rule}, ${percent(confidence)} sure`,
      `      seen ${minute(from)} to ${minute(to)}: ${explanation}`,
    ]),
    "",
    ...(epochs.length === 0
      ? []
      : ["Times between two occasions at which cables could be changed unseen (UTC):"]),
    ...epochs.map(
      ({ from, to, state, reason }) => `  ${minute(from)} to ${minute(to)}  ${state}: ${reason}`,
    ),
    "",
    `At the end: ${named(final.verdict, final.fault)}. ${remedies[final.fault]}`,
  ].join("\n");
}

const named = (verdict: string, fault: Fault) =>
  fault === "none" ? verdict : `${verdict}: ${fault}`;
const percent = (share: number) => `${Math.floor(1000 * share) / 10} %`;
const minute = (instant: string) => instant.slice(0, 16).replace("T", " ");
