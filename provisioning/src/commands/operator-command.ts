import { codeOf } from "@powershare/domain/errors";
import { type Command, Option } from "commander";
import {
  type OperatorClient,
  type OperatorOptions,
  operatorClient,
} from "../enrolment/operator-client.js";
import { answerNo, fail } from "../output.js";
import { httpsUrl } from "./enrol.js";

/** A command that does an operator's work at the registrar; `argument` is its first one, or empty. */
export function operatorCommand<T extends OperatorOptions>(
  command: Command,
  work: (client: OperatorClient, options: T, argument: string) => Promise<void>,
): Command {
  return withRegistrar(command).action(async (...given: unknown[]) => {
    // Commander hands over the arguments, then the options, then the command.
    const argument = typeof given[0] === "string" ? given[0] : "";
    const options = given.at(-2) as T;
    await run(async () => work(await operatorClient(options), options, argument));
  });
}

function withRegistrar(command: Command): Command {
  return command
    .addOption(
      new Option("--registrar <url>", "the registrar")
        .argParser(httpsUrl)
        .env("POWERSHARE_REGISTRAR")
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--registrar-ca <file>", "certificate that its TLS certificate chains to")
        .env("POWERSHARE_REGISTRAR_CA")
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        "--token-file <file>",
        "file with this operator's token; - reads it from standard input",
      )
        .env("POWERSHARE_OPERATOR_TOKEN_FILE")
        .makeOptionMandatory(),
    )
    .option("--json", "print the result as JSON");
}

const troubles: ReadonlySet<string> = new Set([
  "enrolment.ca",
  "enrolment.limit",
  "enrolment.unavailable",
]);

async function run(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    fail(error);
    const code = codeOf(error);
    const isAnswer = /^(enrolment|metering|participants)\./.test(code ?? "");
    if (isAnswer && !troubles.has(code ?? "")) process.exitCode = answerNo;
  }
}
