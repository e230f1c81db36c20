import { meterId } from "@powershare/domain/evidence";
import { type LedgerEpoch, ledgerEpoch } from "@powershare/domain/ledger";
import type { Command } from "commander";
import { z } from "zod";
import type { OperatorOptions } from "../enrolment/operator-client.js";
import { print, UnreadableInput } from "../output.js";
import { operatorCommand } from "./operator-command.js";

/** `powershare operator meters`: meters that were reset, replaced or set up anew. */
export function registerMeterCommands(operator: Command): void {
  const meters = operator
    .command("meters")
    .description(
      "Meters that count anew. Their household has compared the registers with the display; nothing that a new one counts is accepted before it is confirmed here.",
    );
  operatorCommand<OperatorOptions>(
    meters
      .command("list", { isDefault: true })
      .description("those that were asked for, and confirmed ones"),
    async (client, { json }) => {
      const epochs = await client.get("/api/operator/meter-epochs", z.array(ledgerEpoch));
      print(json === true ? JSON.stringify(epochs) : listText(epochs));
    },
  );
  operatorCommand<OperatorOptions>(
    meters
      .command("confirm <meter>")
      .description("confirm the new count, with the registers that `list` shows"),
    async (client, { json }, meter) => {
      const epochs = await client.get("/api/operator/meter-epochs", z.array(ledgerEpoch));
      const epoch = epochs.find((one) => one.meter === meter);
      if (epoch === undefined) throw new UnreadableInput(`nobody asked for ${meter}`);
      const { participant, closing, opening } = epoch;
      const body = { participant, meter, closing, opening };
      const done = z.object({ meter: meterId });
      await client.post("/api/operator/meter-epochs/confirm", body, done);
      print(
        json === true ? JSON.stringify({ ...epoch, state: "confirmed" }) : `confirmed ${meter}`,
      );
    },
  );
}

function listText(epochs: readonly LedgerEpoch[]): string {
  if (epochs.length === 0) return "none";
  return epochs
    .map(
      ({ meter, follows, participant, state, reason, at, closing, opening }) =>
        `${meter}  ${state}  ${participant}  ${reason}, ${at}\n` +
        `  ${follows} ended at import ${closing.importWh} Wh, export ${closing.exportWh} Wh\n` +
        `  ${meter} began at import ${opening.importWh} Wh, export ${opening.exportWh} Wh`,
    )
    .join("\n");
}
