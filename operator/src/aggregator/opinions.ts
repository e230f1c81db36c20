import type { PlacementJudgement } from "@powershare/domain/ledger";
import type { ProjectedPlacement } from "@powershare/ledger-client";
import type { EvidenceBook } from "./book.js";
import { judge, type Opinion } from "./judge.js";
import { inStep, together } from "./totals.js";

type Storage = "none" | "ac" | "dc";

/** A judgement that is to be put on the ledger. */
export interface NewJudgement {
  readonly participant: string;
  readonly meter: string;
  readonly epoch: number;
  readonly judgement: PlacementJudgement;
}

/**
 * What is to be said of the newest placement epochs of a household: where the opinion differs from the
 * judgement that stands. One opinion goes to both meters, for an exchange is of both.
 */
export function newJudgements(
  book: EvidenceBook,
  participant: string,
  storage: Storage,
): NewJudgement[] {
  const placements = newest(book.projection.placements(participant));
  const connection = placements.find(({ role }) => role === "connection");
  const generator = placements.find(({ role }) => role === "generator");
  if (connection === undefined) return [];
  const both = generator === undefined ? [connection] : [connection, generator];
  const sinceMs = Math.max(...both.map(seenSinceMs));
  const found = opinionOf(book, { participant, storage, both, sinceMs });
  if (found === undefined) return [];
  return both.flatMap((placement) => {
    const { epoch, judgement: before, meter } = placement;
    const said = judgementOf(found);
    const same = before?.verdict === said.verdict && before.fault === said.fault;
    const isLater = before === undefined || Date.parse(said.to) > Date.parse(before.to);
    return same || !isLater ? [] : [{ participant, meter, epoch, judgement: said }];
  });
}

function opinionOf(
  book: EvidenceBook,
  {
    participant,
    storage,
    both,
    sinceMs,
  }: {
    participant: string;
    storage: Storage;
    both: readonly ProjectedPlacement[];
    sinceMs: number;
  },
): Opinion | undefined {
  const own = both.map(({ meter }) => book.spans(meter, sinceMs));
  const [connection = [], generator] = inStep(own);
  const others = book.generators().filter((one) => one.participant !== participant);
  const generators =
    own[1] === undefined ? [] : [own[1], ...others.map(({ meter }) => book.spans(meter, sinceMs))];
  const [, ...theirs] = inStep(generators);
  return judge({ storage, connection, generator, neighbours: together(theirs) });
}

/** The interval that opens an epoch may hold energy from before the cables changed; a meter's first does not. */
function seenSinceMs({ opened, since }: ProjectedPlacement): number {
  return Date.parse(since) + (opened === "commissioned" ? 0 : 1);
}

/** Of each meter; the projection lists the newest first. */
function newest(placements: readonly ProjectedPlacement[]): ProjectedPlacement[] {
  const byMeter = new Map<string, ProjectedPlacement>();
  for (const placement of placements) {
    if (!byMeter.has(placement.meter)) byMeter.set(placement.meter, placement);
  }
  // Of two meters with the same role the newer one is in use.
  return [...byMeter.values()].toSorted((a, b) => Date.parse(b.since) - Date.parse(a.since));
}

function judgementOf({
  confidencePpm,
  fault,
  fromMs,
  rules,
  toMs,
  verdict,
}: Opinion): PlacementJudgement {
  return {
    verdict,
    fault,
    rules: [...rules],
    from: instant(fromMs),
    to: instant(toMs),
    confidencePpm,
  };
}

function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
