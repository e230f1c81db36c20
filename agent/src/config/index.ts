export { loadConfig, parseConfig } from "./load.js";
export * from "./schema.js";
