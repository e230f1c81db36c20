import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { type Check, ill, well } from "./types.js";

export interface ServiceOptions {
  readonly unit: string;
  /** Asks systemd; passed in for tests. */
  readonly show?: (unit: string, signal: AbortSignal) => Promise<string>;
}

/** Whether systemd keeps the agent running. */
export function serviceCheck({ unit, show = systemctlShow }: ServiceOptions): Check {
  return {
    id: "service",
    title: "Service",
    run: async (signal) => {
      const answer = await show(unit, signal);
      const property = (name: string): string =>
        new RegExp(`^${name}=(.*)$`, "m").exec(answer)?.[1] ?? "";
      if (property("LoadState") === "not-found") return ill("device.service", `no unit ${unit}`);
      const active = property("ActiveState");
      const enabled = property("UnitFileState");
      const text = `${unit} is ${active}, ${enabled}, restarted ${property("NRestarts") || "0"} times`;
      return active === "active" && enabled === "enabled"
        ? well(text)
        : ill("device.service", text);
    },
  };
}

/** Whether this machine was started by systemd (sd_booted(3)). */
export const hasSystemd = (): boolean => existsSync("/run/systemd/system");

function systemctlShow(unit: string, signal: AbortSignal): Promise<string> {
  const args = ["show", "--property=LoadState,ActiveState,UnitFileState,NRestarts", unit];
  return new Promise((resolve, reject) => {
    execFile("systemctl", args, { timeout: 5_000, signal }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new Error("systemctl does not answer", { cause: error }));
    });
  });
}
