export { type RunningSwtpm, startSwtpm } from "./swtpm.js";
