import type { EnrolmentView } from "@powershare/domain/enrolment";
import { type Html, html } from "./html.js";
import type { Language, Words } from "./words.js";

const states = {
  waiting: "stateWaiting",
  approving: "stateApproving",
  approved: "stateApproved",
  issued: "stateIssued",
  declined: "stateDeclined",
  expired: "stateExpired",
} as const satisfies Record<EnrolmentView["state"], keyof Words>;

/** A whole page; nothing in it is a script. */
function page({ code, words }: Language, title: string, body: Html, signedIn = true): string {
  const leave = html`<form method="post" action="/leave"><button class="plain">${words.leave}</button></form>`;
  return html`<!doctype html>
<html lang="${code}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – PowerShare</title><link rel="stylesheet" href="/style.css"></head>
<body><header><a href="/">PowerShare</a>${signedIn ? leave : undefined}</header>
<main>${body}</main></body></html>
`.text;
}

export function queuePage(
  language: Language,
  { waiting, decided }: { waiting: readonly EnrolmentView[]; decided: readonly EnrolmentView[] },
): string {
  const { words } = language;
  const list = (views: readonly EnrolmentView[]) =>
    html`<ul class="list">${views.map((view) => listItem(words, view))}</ul>`;
  const body = html`<h1>${words.title}</h1>
<h2>${words.waiting} (${waiting.length})</h2>${waiting.length === 0 ? html`<p>${words.none}</p>` : list(waiting)}
${decided.length === 0 ? undefined : html`<h2>${words.before}</h2>${list(decided)}`}`;
  return page(language, words.title, body);
}

function listItem(words: Words, view: EnrolmentView): Html {
  const { code, createdAt, id, maker, participant, state } = view;
  const warning = maker.trusted
    ? undefined
    : html` <strong class="bad">${words.makerUnknown}</strong>`;
  return html`<li><a href="/enrolments/${id}"><span class="code">${code}</span>
<span>${participant ?? metersIn(view)}</span> <small>${words[states[state]]} · ${minute(createdAt)}</small>${warning}</a></li>`;
}

export interface DetailOptions {
  readonly view: EnrolmentView;
  readonly proposals: { readonly node: string; readonly utility: string };
  /** What the last attempt was refused for. */
  readonly problem?: string | undefined;
}

export function detailPage(language: Language, options: DetailOptions): string {
  const { words } = language;
  const { view, problem } = options;
  const body = html`<p><a href="/">‹ ${words.back}</a></p>
<h1 class="code">${view.code}</h1><p>${words[states[view.state]]}${by(words, view)}</p>
${problem === undefined ? undefined : html`<p class="bad box" role="alert">${problem}</p>`}
${view.reason === undefined ? undefined : html`<p class="box">${view.reason}</p>`}
${view.contested ? html`<p class="bad box">${words.contested}</p>` : undefined}
${facts(words, view)}
${view.state === "waiting" ? html`${approveForm(words, options)}${declineForm(words, view)}` : undefined}
${view.state === "approved" || view.state === "approving" ? declineForm(words, view) : undefined}`;
  return page(language, view.code, body);
}

function facts(words: Words, view: EnrolmentView): Html {
  const { maker, meters, equipment, place, replaces } = view;
  const chip = maker.trusted
    ? html`${words.makerKnown}: ${maker.text}`
    : html`<strong class="bad">${words.makerUnknown}</strong>: ${maker.text}`;
  const notes = Object.entries(place ?? {}).map(
    ([name, value]) => html`<dt>${name}</dt><dd>${String(value)}</dd>`,
  );
  return html`<dl><dt>${words.maker}</dt><dd>${chip}</dd>
${replaces === undefined ? undefined : html`<dt>${words.replaces}</dt><dd>${replaces}</dd>`}
<dt>${words.meters}</dt>${meters.map((meter) => html`<dd>${meterText(words, meter)}</dd>`)}
${equipment === undefined ? undefined : equipmentFacts(words, equipment)}
<dt>${words.device}</dt><dd class="hex">${view.device}</dd>
<dt>${words.asked}</dt><dd>${minute(view.createdAt)}</dd></dl>
${notes.length === 0 ? undefined : html`<h2>${words.place}</h2><dl>${notes}</dl>`}`;
}

function meterText(words: Words, { id, role, limitW }: EnrolmentView["meters"][number]): string {
  return `${words[role]}: ${id}${limitW === undefined ? "" : `, ${words.atMost} ${limitW} W`}`;
}

function equipmentFacts(
  words: Words,
  { storage, ev }: NonNullable<EnrolmentView["equipment"]>,
): Html {
  const batteries = { none: words.storageNone, ac: words.storageAc, dc: words.storageDc };
  return html`<dt>${words.battery}</dt><dd>${batteries[storage]}</dd>
<dt>${words.vehicle}</dt><dd>${ev ? words.yes : words.no}</dd>`;
}

function approveForm(words: Words, { view, proposals }: DetailOptions): Html {
  const { id, maker, replaces } = view;
  const field = (name: string, label: string, value = "", extra = html``) =>
    html`<label>${label}<input name="${name}" value="${value}" required autocomplete="off" autocapitalize="none" spellcheck="false" ${extra}></label>`;
  const tick = (name: string, label: string) =>
    html`<label class="tick"><input type="checkbox" name="${name}" value="yes"> <span>${label}</span></label>`;
  return html`<form method="post" action="/enrolments/${id}/approve">
${field("code", words.typeCode, "", html`maxlength="12" class="code"`)}
${field("participant", words.participant, replaces, html`maxlength="40" pattern="[a-z0-9][a-z0-9\\-]*"`)}
${field("node", words.node, proposals.node)}${field("utility", words.utility, proposals.utility)}
<label>${words.source}<select name="source"><option value="green">${words.green}</option>
<option value="storage">${words.storage}</option><option value="other">${words.other}</option></select></label>
${maker.trusted ? undefined : tick("unknownMaker", words.takeUnknown)}
${replaces === undefined ? undefined : tick("withoutHousehold", words.withoutHousehold)}
<button>${words.approve}</button></form>`;
}

function declineForm(words: Words, { id }: EnrolmentView): Html {
  return html`<form method="post" action="/enrolments/${id}/decline">
<label>${words.reason}<input name="reason" required maxlength="200"></label>
<button class="bad">${words.decline}</button></form>`;
}

/** What a one-time link opens: it is used up by a tap only, not by a messenger that looks what it is. */
export function enterPage(language: Language, token: string): string {
  const { words } = language;
  const body = html`<h1>${words.title}</h1><p>${words.entering}</p>
<form method="post" action="/enter/${token}"><button>${words.enter}</button></form>`;
  return page(language, words.title, body, false);
}

export function noEntryPage(language: Language, problem?: string): string {
  const { words } = language;
  const body = html`<h1>${words.noEntry}</h1>
${problem === undefined ? undefined : html`<p class="bad box" role="alert">${problem}</p>`}
<p>${words.noEntryHelp}</p><pre>powershare operator enrolments link</pre>`;
  return page(language, words.noEntry, body, false);
}

function by(words: Words, { decidedBy, participant }: EnrolmentView): string {
  const who = participant === undefined ? "" : ` · ${participant}`;
  return decidedBy === undefined ? who : `${who} · ${words.by} ${decidedBy}`;
}

function metersIn({ meters }: EnrolmentView): string {
  return meters.map(({ id }) => id).join(", ");
}

function minute(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}
