import { useSignal } from "@preact/signals";
import { fill } from "../i18n/messages.js";
import { decide, type MeterReport, meterReport } from "../meters.js";
import type { Words } from "../words.js";

type Pending = MeterReport["pending"][number];
type Registers = Pending["closing"];
type Rejected = MeterReport["rejected"][number];

function RegisterRow({ name, at, format }: Words & { name: string; at: Registers }) {
  return (
    <tr>
      <th scope="row">
        {name}
        <span class="remark">{format.dateTime(at.at)}</span>
      </th>
      <td>{format.register(at.importWh)}</td>
      <td>{format.register(at.exportWh)}</td>
    </tr>
  );
}

function Decision({ epoch, ...words }: Words & { epoch: Pending }) {
  const { messages } = words;
  const compared = useSignal(false);
  const refused = useSignal(false);
  const { meter, follows, reason, closing, opening, now } = epoch;
  const send = async (decision: "confirm" | "withdraw"): Promise<void> => {
    const { importWh, exportWh } = opening;
    refused.value = !(await decide({ meter, decision, importWh, exportWh }));
    compared.value = false;
  };
  return (
    <section class="card decision" aria-label={messages.newEpoch}>
      <h2>{messages.newEpoch}</h2>
      <p class="notice warning" role="alert">
        {fill(messages[`epoch-${reason}`], { meter, follows })}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">{follows}</th>
            <th scope="col">{messages.gridImport}</th>
            <th scope="col">{messages.gridExport}</th>
          </tr>
        </thead>
        <tbody>
          <RegisterRow name={messages.closing} at={closing} {...words} />
          <RegisterRow name={messages.opening} at={opening} {...words} />
          {now && <RegisterRow name={messages.latest} at={now} {...words} />}
        </tbody>
      </table>
      <p>{messages.epochMeaning}</p>
      <label class="check">
        <input
          type="checkbox"
          checked={compared.value}
          onChange={(event) => {
            compared.value = event.currentTarget.checked;
          }}
        />
        {messages.compared}
      </label>
      <div class="buttons">
        <button type="button" disabled={!compared.value} onClick={() => void send("confirm")}>
          {messages.confirmEpoch}
        </button>
        <button
          type="button"
          class="quiet"
          disabled={!compared.value}
          onClick={() => void send("withdraw")}
        >
          {messages.withdrawEpoch}
        </button>
      </div>
      {refused.value && (
        <p class="trouble" role="alert">
          {messages.decisionRefused}
        </p>
      )}
    </section>
  );
}

function whyOf(code: string, messages: Words["messages"], meaning: string): string {
  return Object.hasOwn(messages, code) ? messages[code as keyof typeof messages] : meaning;
}

function RejectedRow({ one, messages, format }: Words & { one: Rejected }) {
  const { meter, code, meaning, from, to, count, importWh, exportWh } = one;
  const when =
    from === to
      ? format.dateTime(to)
      : fill(messages.fromTo, { from: format.dateTime(from), to: format.dateTime(to) });
  const showed =
    importWh === null || exportWh === null
      ? messages.showedNothing
      : fill(messages.showed, {
          import: format.register(importWh),
          export: format.register(exportWh),
        });
  return (
    <li>
      <span class="what">{whyOf(code, messages, meaning)}</span>
      <span class="details">
        {when} · {fill(messages.times, { count: String(count) })}
      </span>
      <span class="details">
        {meter}: {showed} <code>{code}</code>
      </span>
    </li>
  );
}

/** Decisions that are open; nothing where there are none. */
export function DecisionCards(words: Words) {
  return (
    <>
      {meterReport.value?.pending.map((epoch) => (
        <Decision key={epoch.meter} epoch={epoch} {...words} />
      ))}
    </>
  );
}

/** What was read and not believed; nothing where there is none. */
export function RejectedCard(words: Words) {
  const rejected = meterReport.value?.rejected ?? [];
  if (rejected.length === 0) return null;
  const { messages } = words;
  return (
    <section class="card" aria-labelledby="rejected">
      <h2 id="rejected">{messages.rejectedReadings}</h2>
      <p>{messages.rejectedMeaning}</p>
      <details>
        <summary>{fill(messages.showRejected, { count: String(rejected.length) })}</summary>
        <ul class="trades">
          {rejected.map((one) => (
            <RejectedRow key={`${one.meter} ${one.code} ${one.to}`} one={one} {...words} />
          ))}
        </ul>
      </details>
    </section>
  );
}
