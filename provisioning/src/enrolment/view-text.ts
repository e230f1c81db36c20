import type { EnrolmentView } from "@powershare/domain/enrolment";

/** One line each, for people. */
export function listText(views: readonly EnrolmentView[]): string {
  if (views.length === 0) return "nobody";
  return views
    .map((view) => `${view.code}  ${view.id}  ${view.state}  ${summary(view)}`)
    .join("\n");
}

/** All of one, for people. */
export function detailText(view: EnrolmentView): string {
  const lines: [string, string | undefined][] = [
    ["code", view.code],
    ["id", view.id],
    ["state", view.state],
    ["device", view.device],
    ["maker", `${view.maker.trusted ? "" : "UNKNOWN: "}${view.maker.text}`],
    ["warning", view.contested ? "another request for this very chip is waiting" : undefined],
    ["replaces", view.replaces],
    ...view.meters.map(({ role, id, limitW }): [string, string] => [
      role,
      limitW === undefined ? id : `${id}, at most ${limitW} W`,
    ]),
    ["battery", view.equipment?.storage],
    ["vehicle", view.equipment && (view.equipment.ev ? "yes" : "none")],
    ...Object.entries(view.place ?? {}).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]),
    ["asked", view.createdAt],
    ["until", view.state === "waiting" ? view.expiresAt : undefined],
    ["participant", view.participant],
    ["decided by", view.decidedBy],
    ["reason", view.reason],
  ];
  return lines
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${`${name}:`.padEnd(14)}${printable(value)}`],
    )
    .join("\n");
}

function summary({ contested, maker, meters, participant }: EnrolmentView): string {
  const warnings = [maker.trusted ? "" : "UNKNOWN MAKER", contested ? "CONTESTED" : ""].filter(
    Boolean,
  );
  return [participant ?? printable(meters.map(({ id }) => id).join(", ")), ...warnings].join("  ");
}

/** What devices say may not steer the operator's terminal. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, "?");
}
