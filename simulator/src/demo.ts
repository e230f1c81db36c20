import { parseDemoOptions } from "./options.js";
import { runDemo } from "./run-demo.js";

const parsed = parseDemoOptions(process.argv.slice(2));
// Whatever still waits for something after a demo that was cut short has nothing to wait for.
process.exit(parsed.kind === "exit" ? parsed.exitCode : await runDemo(parsed.options));
