export * from "./primitives.js";
export * from "./records.js";
