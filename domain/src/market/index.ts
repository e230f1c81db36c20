export * from "./clear.js";
export * from "./criteria.js";
export * from "./parse-orders.js";
export * from "./settle.js";
export * from "./types.js";
export * from "./verify.js";
