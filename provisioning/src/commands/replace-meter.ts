import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { CodedError, codeOf } from "@powershare/domain/errors";
import { serialMeterOf } from "@powershare/domain/metering";
import type { Command } from "commander";
import { defaultAgentUrl } from "../agent-download.js";
import { wholeNumber } from "../arguments.js";
import { AgentApi, type AgentStatus, type PendingEpoch } from "../checks/agent-api.js";
import { type Shown, shownDiffers, shownRegisters } from "../display-registers.js";
import { kwh } from "../handover/sheet.js";
import { answerNo, fail, print, say, UnreadableInput } from "../output.js";

interface ReplaceOptions {
  readonly url: string;
  readonly meter?: string;
  readonly closing?: Shown;
  readonly opening?: Shown;
  readonly yes?: true;
  readonly withdraw?: true;
  readonly wait: number;
  readonly json?: true;
}

const example = `
Examples:
  powershare replace-meter
  powershare replace-meter --yes --closing 1234.5,89.0 --opening 0.01,0.00

Write down what the old meter's display shows, import and export, before it is
taken out. Put in the new one with the same unit id, baud rate and parity; the
agent goes on running and notices it. This command waits for that, compares
with you, and has the agent ask the operator, who confirms with powershare
operator meters. It may be interrupted and repeated. --closing and --opening
are IMPORT,EXPORT in kWh, with as many decimals as the display has.
Exit 0: the operator is asked, or it is withdrawn; 1: a display shows something
else, or it was withdrawn before; 2: bad usage; 3: no agent answers, no new
meter was noticed, or the ledger could not be asked.`;

/** `powershare replace-meter`: a meter that counts anew, from the agent's suspicion to the operator's desk. */
export function registerReplaceMeterCommands(program: Command): void {
  program
    .command("replace-meter")
    .description(
      "say that a meter was replaced or reset, compare its registers, and ask the operator",
    )
    .option("--url <url>", "the running agent", defaultAgentUrl)
    .option("--meter <id>", "which new one: where several wait, or to take up a run that was cut")
    .option("--closing <kWh,kWh>", "the old meter's last display: import, export", shownRegisters)
    .option("--opening <kWh,kWh>", "the new meter's display: import, export", shownRegisters)
    .option("--yes", "with --closing and --opening: do not ask")
    .option("--withdraw", "say that it is no new meter: its readings are never billed")
    .option(
      "--wait <minutes>",
      "how long to wait for the meter, and then for the ledger",
      wholeNumber(0, 1_440),
      15,
    )
    .option("--json", "print one JSON document")
    .addHelpText("after", example)
    .action(async (options: ReplaceOptions) => {
      try {
        await replaceMeter(options);
      } catch (error) {
        fail(error);
        const isNo = error instanceof NotAgreed || codeOf(error)?.startsWith("meter.") === true;
        if (isNo) process.exitCode = answerNo;
      }
    });
}

/** The displays, or the person before them, say no. */
class NotAgreed extends Error {
  override readonly name = "NotAgreed";
  constructor(why: string) {
    super(`${why}; nothing was decided`);
  }
}

type Epoch = AgentStatus["epochs"][number];

async function replaceMeter(options: ReplaceOptions): Promise<void> {
  checkUsage(options);
  const api = new AgentApi(options.url);
  const before = await undecided(api, options);
  if (before === undefined && (await finishEarlier(api, options))) return;
  const epoch = await withLiveRegisters(api, before ?? (await awaitNewMeter(api, options)));
  say(comparisonText(epoch));
  if (options.withdraw === true) {
    await api.decide(epoch, "withdraw");
    tell(
      options,
      { ...epoch, state: "withdrawn" },
      `${epoch.meter} is withdrawn: what it counted is never billed. While the same meter stays, the question comes again`,
    );
    return;
  }
  await compare(epoch, options);
  await api.decide(epoch, "confirm");
  await awaitAsked(api, epoch.meter, options);
  tell(options, { ...epoch, state: "asked" }, askedText(epoch.meter));
}

function checkUsage({ yes, closing, opening }: ReplaceOptions): void {
  if (yes === true && (closing === undefined || opening === undefined)) {
    throw new UnreadableInput("--yes needs --closing and --opening, as the displays show them");
  }
}

/** The epoch that waits for the household's word. @throws UnreadableInput where several do and none is named */
async function undecided(
  api: AgentApi,
  { meter }: ReplaceOptions,
): Promise<PendingEpoch | undefined> {
  const { pending } = await api.meters();
  const found = meter === undefined ? pending : pending.filter((one) => one.meter === meter);
  // One that follows another pending one is decided after it.
  const first = found.filter(({ follows }) => !found.some((one) => one.meter === follows));
  if (first.length > 1) {
    const names = first.map((one) => one.meter).join(", ");
    throw new UnreadableInput(`several meters count anew: name one with --meter: ${names}`);
  }
  return first[0];
}

/** What is stored may be some seconds old, and a display shows the present. */
async function withLiveRegisters(api: AgentApi, epoch: PendingEpoch): Promise<PendingEpoch> {
  const { meters } = await api.status();
  const live = meters.find(({ meter }) => meter === epoch.meter);
  const { at, importWh, exportWh } = live ?? { at: null, importWh: null, exportWh: null };
  if (at === null || importWh === null || exportWh === null) return epoch;
  return { ...epoch, now: { at, importWh, exportWh } };
}

/** An interrupted run: the household has decided, the operator may not have been asked. */
async function finishEarlier(api: AgentApi, options: ReplaceOptions): Promise<boolean> {
  const { epochs } = await api.status();
  const isIt = ({ meter, state, asked }: Epoch): boolean =>
    options.meter === undefined ? state === "confirmed" && !asked : meter === options.meter;
  const earlier = epochs.findLast(isIt);
  if (earlier === undefined) return false;
  const { meter, follows, state } = earlier;
  if (state === "withdrawn") {
    throw new CodedError(
      "meter.epoch-unknown",
      `${meter} was withdrawn: it counts as no new meter`,
    );
  }
  if (!earlier.asked) await awaitAsked(api, meter, options);
  tell(options, { meter, follows, state: "asked" }, askedText(meter));
  return true;
}

async function awaitNewMeter(api: AgentApi, options: ReplaceOptions): Promise<PendingEpoch> {
  const { meters, epochs } = await api.status();
  for (const { meter } of epochs.filter(({ asked }) => asked)) {
    say(`${meter} was decided before, and the operator is asked`);
  }
  for (const { place, role, meter } of meters) {
    say(`${place}, ${role === "connection" ? "grid" : "solar"}: ${meter ?? "never answered"}`);
  }
  say("no new meter is noticed yet; waiting for one that answers (Ctrl-C ends, nothing is lost)");
  const found = await until(options, async () => await undecided(api, options));
  if (found !== undefined) return found;
  throw new Error(
    "no new meter was noticed: see powershare status whether it answers, and its unit id, baud rate and parity",
  );
}

async function awaitAsked(api: AgentApi, meter: string, options: ReplaceOptions): Promise<void> {
  say("decided; the agent asks the ledger's operator");
  const asked = await until(options, async () => {
    const { epochs } = await api.status();
    return epochs.find((one) => one.meter === meter && one.asked);
  });
  if (asked !== undefined) return;
  const { health } = await api.overview();
  throw new CodedError(
    codeOf({ code: health.ledger.code }) ?? "ledger.unavailable",
    `${meter} is decided, but the operator could not be asked yet; the agent goes on trying: repeat with --meter ${meter}`,
  );
}

/** What is found within the minutes that a person gives, looked for at least once. */
async function until<T>(
  { wait }: ReplaceOptions,
  find: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const endMs = performance.now() + wait * 60_000;
  for (;;) {
    const found = await find();
    if (found !== undefined || performance.now() >= endMs) return found;
    await sleep(1_000);
  }
}

const serialOf = (meter: string): string => serialMeterOf(meter).replace(/^.*:/, "");
const reasons = {
  registers: "its registers fell and stayed",
  serial: "another serial number answers",
  setup: "its ratio or wiring was changed",
} as const;

function comparisonText({
  place,
  role,
  reason,
  meter,
  follows,
  closing,
  opening,
  now,
}: PendingEpoch): string {
  const line = (name: string, { at, importWh, exportWh }: PendingEpoch["closing"]): string =>
    `  ${name.padEnd(18)} import ${kwh(importWh).padStart(12)} kWh, export ${kwh(exportWh).padStart(12)} kWh  ${at.slice(11, 19)}`;
  return [
    `${place}, ${role === "connection" ? "grid" : "solar"}: ${reasons[reason]}`,
    `  old meter ${serialOf(follows)}, counted as ${follows}`,
    line("its last reading", closing),
    `  ${reason === "serial" ? "new" : "same"} meter ${serialOf(meter)}, will count as ${meter}`,
    line("its first reading", opening),
    ...(now === null ? [] : [line("and now", now)]),
  ].join("\n");
}

/** @throws NotAgreed where a display shows something else */
async function compare(
  epoch: PendingEpoch,
  { closing, opening, yes }: ReplaceOptions,
): Promise<void> {
  const last = epoch.now ?? epoch.opening;
  const wrong = [
    closing && shownDiffers("the old meter", closing, epoch.closing, epoch.closing),
    opening && shownDiffers("the new meter", opening, epoch.opening, last),
  ].find((text) => text !== undefined);
  if (wrong !== undefined) throw new NotAgreed(wrong);
  if (yes === true) return;
  if (!process.stdin.isTTY) {
    throw new UnreadableInput("there is nobody to ask: give --yes, --closing and --opening");
  }
  if (closing === undefined)
    await confirm("Is that what the display showed at the end, before the change?");
  await confirm("Does the display now show the new registers, or a little more?");
}

async function confirm(question: string): Promise<void> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const stop = new AbortController();
  // Ctrl-C and the end of input are an answer too.
  asking.once("close", () => stop.abort());
  try {
    const answer = await asking
      .question(`${question} [y/N] `, { signal: stop.signal })
      .catch(() => "");
    if (/^(y|yes|s|sim)$/i.test(answer.trim())) return;
  } finally {
    asking.close();
  }
  throw new NotAgreed("not confirmed");
}

const askedText = (meter: string): string =>
  `the operator is asked to confirm ${meter}: powershare operator meters confirm ${meter}`;

function tell({ json }: ReplaceOptions, result: object, text: string): void {
  print(json === true ? JSON.stringify(result) : text);
}
