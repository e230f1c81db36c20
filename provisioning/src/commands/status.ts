import { formatCash, formatCoins } from "@powershare/domain/money";
import type { Command } from "commander";
import { defaultAgentUrl } from "../agent-download.js";
import {
  AgentApi,
  type AgentOverview,
  type AgentPart,
  type AgentStatus,
} from "../checks/agent-api.js";
import { short, terminalStyle } from "../checks/lines-text.js";
import { kwh } from "../handover/sheet.js";
import { fail, print } from "../output.js";

interface StatusOptions {
  readonly url: string;
  readonly json?: true;
}

const example = `
Example:
  powershare status

What is wrong, and what to do about it, says powershare doctor.
Exit 3: no agent answers.`;

/** `powershare status`: how a household stands, on one screen. */
export function registerStatusCommands(program: Command): void {
  program
    .command("status")
    .description(
      "show meters, clock, evidence, ledger and wallet of the running agent, on one screen",
    )
    .option("--url <url>", "the running agent", defaultAgentUrl)
    .option("--json", "print one JSON document: the agent's /api/overview and /api/status")
    .addHelpText("after", example)
    .action(async (options: StatusOptions) => {
      try {
        await status(options);
      } catch (error) {
        fail(error);
      }
    });
}

async function status({ url, json }: StatusOptions): Promise<void> {
  const api = new AgentApi(url);
  const [overview, report] = await Promise.all([api.overview(), api.status()]);
  if (json === true) {
    print(JSON.stringify({ overview, status: report }));
    return;
  }
  const { columns } = terminalStyle();
  print(
    screenOf(overview, report)
      .map((row) => short(row, columns - 1))
      .join("\n"),
  );
}

const nameColumns = 10;
const row = (name: string, text: string): string => `${name.padEnd(nameColumns)} ${text}`;
/** Of 24 rows all but the other lines, and the prompt's own. */
const mostMeters = 4;
const mostTrades = 2;

/** At most 24 rows. */
export function screenOf(overview: AgentOverview, report: AgentStatus): string[] {
  const { participant, at, health, counts, wiring } = overview;
  const { clock, store, ledger } = health;
  const meters = report.meters.flatMap((meter) => meterRows(meter));
  const hidden = report.meters.length - mostMeters;
  return [
    `${participant} at ${at.slice(0, 19).replace("T", " ")} UTC`,
    "",
    ...meters.slice(0, 2 * mostMeters),
    ...(hidden > 0 ? [row("", `and ${hidden} more: --json`)] : []),
    "",
    ...(wiring === undefined ? [] : [row("wiring", wiring.state)]),
    row("clock", `${clock.quality}, kept by ${clock.keeper ?? "nobody"}${trouble(clock)}`),
    row("TPM", `${sealedText(report, at)}${trouble(health.tpm)}`),
    row(
      "evidence",
      `${counts.evidenceCommitted} of ${counts.intervals} intervals committed${pendingText(store, at)}`,
    ),
    row("readings", `${counts.readings}, of these ${counts.rejected} rejected${trouble(store)}`),
    row(
      "ledger",
      `${ledger.height === null ? "no block seen yet" : `block ${ledger.height}`}${trouble(ledger)}`,
    ),
    ...(health.bus.state === "ok" ? [] : [row("bus", trouble(health.bus).slice(2))]),
    ...epochRows(report),
    "",
    ...marketRows(overview),
  ];
}

function trouble({ state, code, message }: AgentPart): string {
  if (state === "ok") return "";
  if (state === "starting") return ", starting";
  return `, ${state.toUpperCase()}${code === null ? "" : ` [${code}]`} ${message ?? ""}`;
}

type Meter = AgentStatus["meters"][number];

function meterRows({
  place,
  role,
  meter,
  ageMs,
  silent,
  activePowerW,
  importWh,
  exportWh,
}: Meter): string[] {
  const name = role === "connection" ? "grid" : "solar";
  if (ageMs === null) return [row(name, `${place}: never answered${silent ? ", SILENT" : ""}`)];
  const power = activePowerW === null ? "no power given" : powerText(activePowerW);
  const registers = [
    ...(importWh === null ? [] : [`import ${kwh(importWh)} kWh`]),
    ...(exportWh === null ? [] : [`export ${kwh(exportWh)} kWh`]),
  ];
  return [
    row(name, `${power}, ${durationText(ageMs)} ago${silent ? ", SILENT now" : ""}`),
    row("", `${meter}: ${registers.join(", ")}`),
  ];
}

function powerText(watts: number): string {
  const amount = `${Math.round(Math.abs(watts))} W`;
  if (amount === "0 W") return amount;
  return watts > 0 ? `→ ${amount} import` : `← ${amount} export`;
}

/** To one unit, as people say it. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3_600)} h`
    : `${Math.round(seconds / 86_400)} d`;
}

const since = (instant: string, at: string): string =>
  durationText(Date.parse(at) - Date.parse(instant));

function sealedText({ sealedAt }: AgentStatus, at: string): string {
  return sealedAt === null ? "nothing certified yet" : `certified ${since(sealedAt, at)} ago`;
}

function pendingText(
  { unsentPackages, oldestUnsentAt }: AgentOverview["health"]["store"],
  at: string,
): string {
  if (oldestUnsentAt === null) return ", none waits";
  return `, ${unsentPackages} packages wait, the oldest ${since(oldestUnsentAt, at)}`;
}

function epochRows({ epochs }: AgentStatus): string[] {
  const pending = epochs.filter(({ state }) => state === "pending");
  return pending
    .slice(0, 1)
    .map(({ meter }) => row("QUESTION", `a new meter ${meter}: powershare replace-meter`));
}

function marketRows({ trades, wallet }: AgentOverview): string[] {
  const traded = trades
    .slice(0, mostTrades)
    .map(({ slot, direction, partner, energyWh, amountNano, state }, index) =>
      row(
        index === 0 ? "market" : "",
        `${slot} ${direction} ${energyWh} Wh, ${formatCoins(BigInt(amountNano))} coins, ${partner}, ${state}`,
      ),
    );
  return [...(traded.length === 0 ? [row("market", "no trades yet")] : traded), walletRow(wallet)];
}

function walletRow(wallet: AgentOverview["wallet"]): string {
  if (wallet === null) return row("wallet", "not known yet");
  const { coinsNano, escrowNano, energyWh, cashMicro } = wallet;
  const cash = Object.entries(cashMicro).map(([currency, micro]) =>
    formatCash(BigInt(micro), currency),
  );
  const parts = [
    `${formatCoins(BigInt(coinsNano))} coins`,
    ...(BigInt(escrowNano) === 0n ? [] : [`${formatCoins(BigInt(escrowNano))} in escrow`]),
    ...cash,
    `${energyWh} Wh`,
  ];
  return row("wallet", parts.join(", "));
}
