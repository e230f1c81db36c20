export * from "./amounts.js";
export * from "./shares.js";
