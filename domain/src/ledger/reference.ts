import { z } from "zod";
import { catalogue, type ErrorCode } from "../errors/index.js";
import { argumentNames } from "./arguments.js";
import { type EventName, events, walletChange } from "./events.js";
import { mspOfRole } from "./records.js";
import { commonErrors, type TransactionName, transactions } from "./transactions.js";

/** docs/ledger.md: the reference of all transactions, events and refusals, as markdown. */
export function ledgerReference(): string {
  const names = Object.keys(transactions).filter(isTransactionName);
  return [
    "# Ledger reference",
    "",
    "Written by `npm run docs` from the tables in `domain/src/ledger`; change it there.",
    "",
    ...preamble,
    "",
    "## Transactions",
    ...names.flatMap(transactionSection),
    "",
    "## Events",
    "",
    "At most one per transaction, JSON. `changes` lists what the transaction adds to wallets; their sum over all blocks is what the wallets hold. A wallet change is",
    "",
    `\`${objectText(z.toJSONSchema(walletChange))}\``,
    "",
    "| event | fields |",
    "|---|---|",
    ...eventNames().map(
      (name) => `| \`${name}\` | \`${typeText(z.toJSONSchema(events[name]))}\` |`,
    ),
    "",
    "## Refusals of any transaction",
    "",
    ...[...commonErrors].map((code) => `- \`${code}\`: ${meaningOf(code)}`),
    "",
    "Meaning and remedy of every code: docs/errors.md.",
    "",
  ].join("\n");
}

const preamble = [
  "One chaincode holds the contracts `participants`, `wallets`, `metering` and `market`. A transaction is called as `contract:Name`.",
  "Arguments are strings: integers in decimal (Wh, micro-coin per kWh, nano-coin, micro-units of cash), instants as `2026-06-01T12:00:00Z`, and JSON where it says so.",
  "",
  "- **Who may call** is decided by the certificate: organisation, and the attributes `role`, `microgrid`, `participant` (all but operator and community) and `device` (residents). A missing attribute is a refusal. A resident's key must be the registered reading key.",
  ...Object.entries(mspOfRole).map(
    ([role, msp]) => `  - role \`${role}\`: certificates of \`${msp}\``,
  ),
  "- **Idempotent**: the same content under the same key again succeeds without effect and answers `already`; other content under the same key is refused.",
  "- **Clock**: an endorser refuses a transaction whose timestamp is more than 30 s from its own clock.",
  "- **Refusals** have the text `code: what`. A transaction that was ordered but found invalid (a conflict) wrote nothing and is tried again as a new one.",
  "- **Conservation** is asserted in each transaction that moves value: coins, cash per currency, and energy.",
  "- **Late evidence**: an interval that arrives after its slot was settled keeps the meter's chain going; its energy is settled with the utility alone, in the slot in which it came. `wallets:Audit` shows what waits. For 35 days payments of a settled slot can be corrected by operator and community together.",
  "- **Credit after proof**: where the settings have `wiring`, a sale of a household is paid into its held coins until the placements of its meters are proven, and goes back to who paid where one turns out manipulated. See docs/evidence.md.",
  "- **Settlement** mints the export of connection points, moves sold energy, and retires what was imported, as far as the balance goes. A utility's energy may be negative, nothing else may. What a payer can not pay is owed to the creditor and paid first from what comes in later.",
  "- **Endorsement** of everything is 2 of the 3 organisations, if nothing else is said.",
];

function transactionSection(name: TransactionName): string[] {
  const transaction = transactions[name];
  const { kind, summary, roles, errors, keys } = transaction;
  const lines = [
    "",
    `### \`${name}(${argumentNames(name).join(", ")})\``,
    "",
    summary,
    "",
    `- ${kind === "submit" ? "Submit" : "Evaluate"} by: ${roles.join(", ")}`,
    `- ${kind === "submit" ? "Writes" : "Reads"}: ${keys
      .split(", ")
      .map((key) => `\`${key}\``)
      .join(", ")}`,
  ];
  for (const argument of argumentNames(name)) {
    lines.push(`- \`${argument}\`: ${argumentText(name, argument)}`);
  }
  if ("event" in transaction) lines.push(`- Event: \`${transaction.event}\``);
  if ("endorsement" in transaction) lines.push(`- Endorsement: ${transaction.endorsement}`);
  if (errors.length > 0)
    lines.push(`- Refusals: ${errors.map((code) => `\`${code}\``).join(", ")}`);
  return lines;
}

function isTransactionName(name: string): name is TransactionName {
  return Object.hasOwn(transactions, name);
}

function eventNames(): EventName[] {
  return Object.keys(events).filter((name): name is EventName => Object.hasOwn(events, name));
}

function meaningOf(code: ErrorCode): string {
  return catalogue[code].meaning;
}

function argumentText(name: TransactionName, argument: string): string {
  const sent = z.toJSONSchema(transactions[name].args, { io: "input" }).properties?.[argument];
  const parsed = z.toJSONSchema(transactions[name].args).properties?.[argument];
  if (parsed === undefined || parsed === true || parsed === false) return "";
  const isJson = typeof sent === "object" && sent.type === "string" && parsed.type !== "string";
  return `${isJson ? "JSON " : ""}\`${typeText(parsed)}\``;
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** A JSON schema as one line of text; named parts (decimal, instant, …) by their name. */
function typeText(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((v) => JSON.stringify(v)).join(" or ");
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined)
    return choices.map((choice) => typeText(asSchema(choice))).join(" or ");
  if (schema.type === "array") return `[${typeText(asSchema(schema.items))}]`;
  if (schema.properties !== undefined) return objectText(schema);
  if (schema.type === "object") {
    return `{<${typeText(asSchema(schema.propertyNames))}>: ${typeText(asSchema(schema.additionalProperties))}}`;
  }
  return String(schema.type ?? "any");
}

function objectText(schema: JsonSchema): string {
  const fields = Object.entries(schema.properties ?? {}).map(([key, field]) => {
    const optional = schema.required?.includes(key) === true ? "" : "?";
    return `${key}${optional}: ${typeText(asSchema(field))}`;
  });
  return `{${fields.join(", ")}}`;
}

function asSchema(value: JsonSchema | boolean | readonly unknown[] | undefined): JsonSchema {
  return typeof value === "object" && !("length" in value) ? value : {};
}
