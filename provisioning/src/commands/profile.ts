import type { Command } from "commander";

export function registerProfileCommands(program: Command): void {
  program.command("profile").description("meter profiles");
}
