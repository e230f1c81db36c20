import { Command, CommanderError } from "commander";
import { registerEnrolCommands } from "./commands/enrol.js";
import { registerEvidenceCommands } from "./commands/evidence.js";
import { registerMarketCommands } from "./commands/market.js";
import { registerProfileCommands } from "./commands/profile.js";
import { registerReadCommands } from "./commands/read.js";
import { fail, usageError } from "./output.js";

const program = new Command("powershare")
  .description("Reads meters, checks evidence, clears markets, and puts a household on the ledger.")
  .version("0.1.0")
  .showHelpAfterError("(see powershare --help)")
  .exitOverride();

registerEnrolCommands(program);
registerEvidenceCommands(program);
registerMarketCommands(program);
registerProfileCommands(program);
registerReadCommands(program);

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
