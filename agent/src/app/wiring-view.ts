import type { JudgedPlacement } from "@powershare/domain/ledger";
import type { LedgerStore } from "../ports/store.js";
import type { WiringOverview, WiringReportBody } from "../ports/wiring.js";
import { newestPlacements } from "./report-wiring.js";
import type { WiringWatcher } from "./watch-wiring.js";

const mostHeld = 20;

/** Before anything is known. */
export const unknownWiring: WiringOverview = {
  state: "resting",
  verdict: null,
  heldNano: "0",
  missing: [],
  signTest: null,
  placements: [],
  held: [],
};

export interface WiringView {
  /** @throws CodedError store.* */
  overview(): WiringOverview;
  /** @throws CodedError store.* */
  report(): WiringReportBody;
}

/** What page and API say of the wiring: the ledger's word on each placement, and the agent's own. */
export function wiringView(
  store: Pick<LedgerStore, "placements" | "heldSales" | "heldNano">,
  watcher: Pick<WiringWatcher, "verdict" | "signTest">,
): WiringView {
  const body = () => {
    const placements = newestPlacements(store.placements());
    const verdict = watcher.verdict() ?? null;
    return {
      state: stateOf(placements, verdict?.verdict),
      verdict,
      heldNano: store.heldNano(),
      missing: missingOf(placements),
      placements: placements.map(placementOf),
      held: store.heldSales(mostHeld),
    };
  };
  return {
    overview: () => ({ ...body(), signTest: watcher.signTest?.result().state ?? null }),
    report: () => ({ ...body(), signTest: watcher.signTest?.report() ?? null }),
  };
}

function stateOf(
  placements: readonly JudgedPlacement[],
  verdict: NonNullable<WiringOverview["verdict"]>["verdict"] | undefined,
): WiringOverview["state"] {
  const isSome = (state: JudgedPlacement["state"]) =>
    placements.some((placement) => placement.state === state);
  if (isSome("manipulated")) return "manipulated";
  if (isSome("held")) return "held";
  if (verdict !== undefined && verdict !== "ok") return verdict;
  if (isSome("unproven")) return "unproven";
  if (placements.length > 0) return "proven";
  return verdict === undefined ? "resting" : "watched";
}

/** A generator's night and day, or a connection point's night, or a test; and the operator's word. */
function missingOf(placements: readonly JudgedPlacement[]): WiringOverview["missing"] {
  const open = placements.filter(({ state }) => state === "unproven");
  const unseen = open.filter(
    ({ evidence, report }) => evidence === "open" && report?.signTest?.result !== "passed",
  );
  const unjudged = open.some(({ judgement }) => judgement?.verdict !== "right");
  return [
    ...(unseen.length > 0 ? (["sign-test", "night"] as const) : []),
    ...(unseen.some(({ role }) => role === "generator") ? (["day"] as const) : []),
    ...(unjudged ? (["operator"] as const) : []),
  ];
}

function placementOf(placement: JudgedPlacement): WiringOverview["placements"][number] {
  const { epoch, judgement, meter, opened, role, rule, since, state } = placement;
  const isAgainst = judgement?.verdict === "held" || judgement?.verdict === "manipulated";
  const rules = [
    ...(rule === undefined ? [] : [rule]),
    ...(isAgainst ? judgement.rules.map(({ id }) => id) : []),
  ];
  return { meter, role, epoch, since, opened, state, rules };
}
