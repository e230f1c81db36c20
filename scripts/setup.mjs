// Installs what PowerShare needs and builds it: `npm run setup`; with `-- --tests` also what only the tests need, with
// `-- --bench` also what the bench compares with.
// Can be run again at any time.
import { setUp } from "./setup/set-up.mjs";

const options = process.argv.slice(2);
const unknown = options.find((option) => option !== "--tests" && option !== "--bench");
if (unknown) {
  console.error(`unknown option ${unknown}; there are --tests and --bench`);
  process.exit(2);
}
await setUp({ tests: options.includes("--tests"), bench: options.includes("--bench") });
