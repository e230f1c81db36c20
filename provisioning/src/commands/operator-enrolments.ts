import {
  certificateAnswer,
  certificateRequestFile,
  type EnrolmentView,
  enrolmentRequest,
  enrolmentState,
  enrolmentView,
  pageLink,
} from "@powershare/domain/enrolment";
import { participantId, statusReason } from "@powershare/domain/ledger";
import { type Command, Option } from "commander";
import { z } from "zod";
import { readFileOf } from "../enrolment/by-files.js";
import { writeWhole } from "../enrolment/device-files.js";
import type { OperatorClient, OperatorOptions } from "../enrolment/operator-client.js";
import { approveFile } from "../enrolment/operator-files.js";
import { detailText, listText } from "../enrolment/view-text.js";
import { print, say } from "../output.js";
import { operatorCommand } from "./operator-command.js";

export interface ApproveOptions extends OperatorOptions {
  readonly participant: string;
  readonly code: string;
  readonly node: string;
  readonly utility: string;
  readonly source: "green" | "storage" | "other";
  readonly unknownMaker?: boolean;
  readonly withoutHousehold?: boolean;
  readonly request?: string;
  readonly response?: string;
}

/** `powershare operator enrolments`: the registrar's queue, over its HTTP API. */
export function registerEnrolmentCommands(operator: Command): void {
  const enrolments = operator
    .command("enrolments")
    .description(
      "Devices that ask to be enrolled, and those that are. Options may come from the environment.",
    );
  const add = <T extends OperatorOptions>(
    name: string,
    description: string,
    work: (client: OperatorClient, options: T, argument: string) => Promise<void>,
    isDefault = false,
  ) => operatorCommand(enrolments.command(name, { isDefault }).description(description), work);
  const states = new Option("--state <state>", "only those in this state").choices(
    enrolmentState.options,
  );
  add<OperatorOptions & { state?: string }>(
    "list",
    "those that wait, or --state; oldest first",
    list,
    true,
  ).addOption(states);
  add("show <id>", "one of them, with what the installer noted", show);
  approveOptions(
    add<ApproveOptions>("approve [id]", "approve, with the code that the device shows", approve),
  );
  add<OperatorOptions & { reason: string }>(
    "decline <id>",
    "decline; the device is told the reason",
    decline,
  ).requiredOption("--reason <text>", "for the household to read");
  add("link", "a link that opens the approval page once, for a phone", link);
  add<OperatorOptions & { response: string }>(
    "issue <file>",
    "certificate for a device's certificate request file",
    issue,
  ).requiredOption("--response <file>", "where the device's response goes");
  add<OperatorOptions & { reason: z.infer<typeof statusReason> }>(
    "revoke <participant>",
    "suspend a participant on the ledger and revoke its certificates",
    revoke,
  ).addOption(
    new Option("--reason <reason>", "goes on the ledger")
      .choices(statusReason.options)
      .makeOptionMandatory(),
  );
}

function approveOptions(command: Command): void {
  command
    .requiredOption("--participant <id>", "the household's id on the ledger, a pseudonym")
    .requiredOption("--code <code>", "as the installer reads it from the device")
    .option("--node <node>", "node of the grid", "root")
    .option("--utility <id>", "the household's utility", "utility")
    .addOption(
      new Option("--source <source>", "class of its energy")
        .choices(["green", "storage", "other"])
        .default("other"),
    )
    .option(
      "--unknown-maker",
      "take the chip although its maker is unknown, where the registrar allows it",
    )
    .option(
      "--without-household",
      "replacement where the old key is lost: ask in its place; its utility has to confirm",
    )
    .option("--request <file>", "a request that came as a file, in the place of ID")
    .option("--response <file>", "with --request: where the device's response goes");
}

async function list(client: OperatorClient, { state, json }: OperatorOptions & { state?: string }) {
  const path = `/api/operator/enrolments?state=${state ?? "waiting"}`;
  const views = await client.get(path, z.array(enrolmentView));
  print(json === true ? JSON.stringify(views) : listText(views));
}

async function show(client: OperatorClient, { json }: OperatorOptions, id: string) {
  printView(
    await client.get(`/api/operator/enrolments/${encodeURIComponent(id)}`, enrolmentView),
    json,
  );
}

async function approve(client: OperatorClient, options: ApproveOptions, id: string) {
  const { code, json, node, participant, request, response, source, utility } = options;
  const body = {
    code,
    participant: participantId.parse(participant),
    node,
    utility,
    source,
    unknownMaker: options.unknownMaker === true,
    withoutHousehold: options.withoutHousehold === true,
  };
  if (request !== undefined) {
    const asked = await readFileOf(request, enrolmentRequest);
    const written = await approveFile(client, asked, body, response);
    if (json === true) print(JSON.stringify(written));
    else print(`response for the device: ${response}`);
    return;
  }
  const path = `/api/operator/enrolments/${encodeURIComponent(id)}/approve`;
  printView(await client.post(path, body, enrolmentView), json);
}

async function decline(
  client: OperatorClient,
  { json, reason }: OperatorOptions & { reason: string },
  id: string,
) {
  const path = `/api/operator/enrolments/${encodeURIComponent(id)}/decline`;
  printView(await client.post(path, { reason }, enrolmentView), json);
}

async function link(client: OperatorClient, { json }: OperatorOptions) {
  const made = await client.post("/api/operator/links", undefined, pageLink);
  print(json === true ? JSON.stringify(made) : made.url);
  if (json !== true) say("it works once, within ten minutes");
}

async function issue(
  client: OperatorClient,
  { json, response }: OperatorOptions & { response: string },
  file: string,
) {
  const { id, device, secret, csrPem } = await readFileOf(file, certificateRequestFile);
  const path = `/api/operator/enrolments/${id}/certificate`;
  const answer = await client.post(path, { secret, csrPem }, certificateAnswer);
  const content = { v: 1, kind: "certificate", device, ...answer };
  await writeWhole(response, `${JSON.stringify(content, null, 2)}\n`, 0o644);
  print(
    json === true
      ? JSON.stringify({ id, device, response })
      : `response for the device: ${response}`,
  );
}

async function revoke(
  client: OperatorClient,
  { json, reason }: OperatorOptions & { reason: z.infer<typeof statusReason> },
  participant: string,
) {
  const path = `/api/operator/participants/${encodeURIComponent(participant)}/revoke`;
  await client.post(path, { reason }, z.object({ participant: participantId }));
  print(
    json === true
      ? JSON.stringify({ participant, reason })
      : `${participant} is suspended and revoked`,
  );
}

function printView(view: EnrolmentView, json: boolean | undefined): void {
  print(json === true ? JSON.stringify(view) : detailText(view));
}
