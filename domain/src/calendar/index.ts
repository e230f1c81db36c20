export * from "./local-days.js";
