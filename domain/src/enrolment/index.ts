export * from "./code.js";
export * from "./protocol.js";
export * from "./request.js";
