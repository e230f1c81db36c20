import { spawn } from "node:child_process";

/** Opens an address in the browser where there is a display; elsewhere the printed address has to do. */
export function openBrowser(url: string): void {
  if ((process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"]) === undefined) return;
  const child = spawn("xdg-open", [url], { detached: true, stdio: "ignore" });
  // Without a browser the demo is as good: its addresses are printed.
  child.once("error", () => undefined);
  child.unref();
}
