import { CodedError } from "@powershare/domain/errors";
import { runChecks } from "../../checks/run-checks.js";
import { systemChecks } from "../../checks/system.js";
import { resultSchemas } from "../results.js";
import type { Step } from "../step.js";
import { serialPorts } from "./scan.js";

/** Whether this machine can do the work; what is red is mended, or knowingly left. */
export const checkStep: Step<"check"> = {
  id: "check",
  title: "Check this machine",
  inputs: (_done, { dataDir, places }) => ({ dataDir, tpm: places.tpm, lines: places.lines }),
  result: resultSchemas.check,
  run: async (_done, { ask, options, screen, signal }) => {
    const { dataDir, places } = options;
    const lines = places.lines ?? (await serialPorts());
    const ports = lines.flatMap((line) => ("serial" in line ? [line.serial] : []));
    const checks = systemChecks({ dataDir, tpm: places.tpm, serialPorts: ports });
    const found = await runChecks(checks, ({ code, detail, ok, remedy, title }) => {
      screen.item(title, ok ? "ok" : "no", detail);
      if (!ok && remedy !== undefined) screen.text(`What to do: ${remedy} [${code}]`);
    });
    signal.throwIfAborted();
    const accepted: string[] = [];
    for (const { id, title } of found.filter(({ ok }) => !ok)) {
      // Of several ports all are meant.
      const [kind = id] = id.split(" ");
      if (!(await ask.accept(`accepted/${kind}`, `${title}: go on all the same?`))) {
        throw new CodedError("up.check-failed", `${title} is not as it must be`);
      }
      accepted.push(title);
    }
    return { passed: found.length - accepted.length, accepted };
  },
  summary: ({ accepted, passed }) =>
    accepted.length === 0
      ? `${passed} checks passed`
      : `${passed} checks passed; accepted as it is: ${accepted.join(", ")}`,
};
