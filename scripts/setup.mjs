// Installs what PowerShare needs and builds it: `npm run setup`, with `-- --tests` also what only the tests need.
// Can be run again at any time.
import { setUp } from "./setup/set-up.mjs";

const options = process.argv.slice(2);
const unknown = options.find((option) => option !== "--tests");
if (unknown) {
  console.error(`unknown option ${unknown}; the only one is --tests`);
  process.exit(2);
}
await setUp({ tests: options.includes("--tests") });
