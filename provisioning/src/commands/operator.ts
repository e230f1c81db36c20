import type { Command } from "commander";
import { registerEnrolmentCommands } from "./operator-enrolments.js";
import { registerMeterCommands } from "./operator-meters.js";
import { registerConfirmCommand } from "./replacement.js";

/** `powershare operator`: the operator's work without a browser. */
export function registerOperatorCommands(program: Command): void {
  const operator = program
    .command("operator")
    .summary("the operator's work: approve devices, revoke participants, confirm meters")
    .description("The operator's work without a browser.");
  registerEnrolmentCommands(operator);
  registerMeterCommands(operator);
  registerConfirmCommand(operator);
}
