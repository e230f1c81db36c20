import { Command, CommanderError } from "commander";
import { registerBackupCommands } from "./commands/backup.js";
import { registerDoctorCommands } from "./commands/doctor.js";
import { registerEnrolCommands } from "./commands/enrol.js";
import { registerEvidenceCommands } from "./commands/evidence.js";
import { registerExportCommands } from "./commands/export.js";
import { registerMarketCommands } from "./commands/market.js";
import { registerOperatorCommands } from "./commands/operator.js";
import { registerProfileCommands } from "./commands/profile.js";
import { registerReadCommands } from "./commands/read.js";
import { registerReplaceMeterCommands } from "./commands/replace-meter.js";
import { registerReplacementCommands } from "./commands/replacement.js";
import { registerScanCommands } from "./commands/scan.js";
import { registerStatusCommands } from "./commands/status.js";
import { registerTamperCommands } from "./commands/tamper.js";
import { registerUpCommand } from "./commands/up.js";
import { fail, usageError, watchOutput } from "./output.js";

const exits = `
Exit codes: 0 yes or done; 1 the answer is no; 2 bad usage or unreadable input;
3 something outside failed. With --json, standard output is one JSON document.`;

const program = new Command("powershare")
  .description("Read meters, check evidence, clear markets, and put a household on the ledger.")
  .addHelpText("after", exits)
  .version("0.1.0")
  .exitOverride();

registerBackupCommands(program);
registerDoctorCommands(program);
registerEnrolCommands(program);
registerEvidenceCommands(program);
registerExportCommands(program);
registerMarketCommands(program);
registerOperatorCommands(program);
registerProfileCommands(program);
registerReadCommands(program);
registerReplaceMeterCommands(program);
registerReplacementCommands(program);
registerScanCommands(program);
registerStatusCommands(program);
registerTamperCommands(program);
registerUpCommand(program);
pointToHelp(program, "powershare");
watchOutput();

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version are answers; everything else commander throws is bad usage.
    process.exitCode = error.exitCode === 0 ? 0 : usageError;
  } else {
    fail(error);
  }
}

/** Bad usage of a command points to that command's own help. */
function pointToHelp(command: Command, name: string): void {
  command.showHelpAfterError(`(see ${name} --help)`);
  for (const each of command.commands) pointToHelp(each, `${name} ${each.name()}`);
}
