// `npm run demo`: set-up and demo in one process, so that its seconds count from the command's begin.
import { setUp } from "./setup/set-up.mjs";

await setUp({ tests: false });
// Built by the set-up.
await import("../simulator/bin/demo.js");
