export * from "./arguments.js";
export * from "./events.js";
export * from "./primitives.js";
export * from "./records.js";
export * from "./reference.js";
export * from "./transactions.js";
export * from "./wallets.js";
