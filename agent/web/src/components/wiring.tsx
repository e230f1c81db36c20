import { useSignal } from "@preact/signals";
import { fill, type Messages } from "../i18n/messages.js";
import { type SignTest, signTest, startSignTest, type WiringOverview } from "../wiring.js";
import type { Words } from "../words.js";

type Part = SignTest["parts"][number];
type State = WiringOverview["state"];

const pills: Readonly<Record<State, "ok" | "degraded" | "failed">> = {
  resting: "ok",
  watched: "ok",
  proven: "ok",
  unproven: "degraded",
  suspect: "degraded",
  held: "degraded",
  manipulated: "failed",
};

function sentence(messages: Messages, key: string): string | undefined {
  return Object.hasOwn(messages, key) ? messages[key as keyof Messages] : undefined;
}

/** What was found, in the reader's words: the agent's verdict, or else the fault that operator or ledger name. */
function Found({ wiring, messages }: Words & { wiring: WiringOverview }) {
  const { placements, state, verdict } = wiring;
  const rules = [...new Set(placements.flatMap((placement) => placement.rules))];
  const isWrong = verdict !== null && verdict.verdict !== "ok";
  if (state !== "held" && state !== "manipulated" && state !== "suspect") return null;
  const fault = isWrong ? sentence(messages, `fault-${verdict.fault}`) : undefined;
  return (
    <>
      <p class={`notice ${state === "manipulated" ? "trouble" : "warning"}`} role="alert">
        {fault ?? messages["fault-other"]} {messages.wiringRemedy}
      </p>
      {rules.length > 0 && (
        <ul class="trades">
          {rules.map((rule) => (
            <li key={rule}>
              <span class="what">{sentence(messages, `rule-${rule}`) ?? rule}</span>
              <span class="details">
                <code>{rule}</code>
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function TestPart({ part, messages, format }: Words & { part: Part }) {
  const { fault, meter, phase, powerW, state, steps } = part;
  const key = state === "waiting" ? `test-waiting-${meter}` : `test-${state}`;
  const told = sentence(messages, key) ?? state;
  const why = fault === null ? "" : (sentence(messages, `fault-${fault}`) ?? fault);
  return (
    <li>
      <span class="what">
        {fill(meter === "generator" ? messages.testGenerator : messages.testConnection, {
          phase: String(phase),
        })}
        {powerW !== null && ` · ${format.power(powerW)}`}
      </span>
      <span class="details">
        {fill(told, { phase: String(phase), steps: String(steps) })} {why}
      </span>
    </li>
  );
}

function SignTestPart(words: Words) {
  const { messages } = words;
  const refused = useSignal(false);
  const test = signTest.value;
  const isRunning = test?.state === "waiting";
  return (
    <details open={isRunning}>
      <summary>{messages.signTest}</summary>
      <p>{isRunning ? messages.signTestRunning : messages.signTestMeaning}</p>
      <ul class="trades" aria-live="polite">
        {test?.parts.map((part) => (
          <TestPart key={`${part.meter} ${part.phase}`} part={part} {...words} />
        ))}
      </ul>
      <div class="buttons">
        <button
          type="button"
          disabled={isRunning}
          onClick={() => {
            void startSignTest().then((taken) => {
              refused.value = !taken;
            });
          }}
        >
          {messages.startSignTest}
        </button>
      </div>
      {refused.value && (
        <p class="trouble" role="alert">
          {messages.signTestRefused}
        </p>
      )}
    </details>
  );
}

/** Whether the meters are wired as they should be, what waits for that and why, and the sign test. */
export function WiringCard({ wiring, ...words }: Words & { wiring: WiringOverview }) {
  const { messages, format } = words;
  const { held, heldNano, missing, state } = wiring;
  const returned = held
    .filter(({ outcome }) => outcome === "manipulated" || outcome === "expired")
    .reduce((sum, { amountNano }) => sum + BigInt(amountNano), 0n);
  return (
    <section class="card" aria-labelledby="wiring">
      <h2 id="wiring">
        {messages.wiring} <span class={`pill ${pills[state]}`}>{messages[`wiring-${state}`]}</span>
      </h2>
      <p>{messages[`wiringMeaning-${state}`]}</p>
      <Found wiring={wiring} {...words} />
      {missing.length > 0 && (
        <>
          <h3>{messages.wiringMissing}</h3>
          <ul>
            {missing.map((what) => (
              <li key={what}>{messages[`missing-${what}`]}</li>
            ))}
          </ul>
        </>
      )}
      {heldNano !== "0" && (
        <p class="balance">{fill(messages.wiringHeld, { amount: format.coins(heldNano) })}</p>
      )}
      {returned > 0n && (
        <p class="remark">
          {fill(messages.wiringReturned, { amount: format.coins(returned.toString()) })}
        </p>
      )}
      <SignTestPart {...words} />
    </section>
  );
}
