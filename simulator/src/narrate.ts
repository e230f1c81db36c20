import type { LedgerEvent } from "@powershare/domain/ledger";
import { formatCash, formatCoins } from "@powershare/domain/money";

/** What happened on the ledger, in sentences for people; times are UTC. */
export function narrate(event: LedgerEvent): string[] {
  const at = clock(event.payload.at);
  return sentences(event).map((sentence) => `${at} ${sentence}`);
}

function sentences(event: LedgerEvent): string[] {
  switch (event.name) {
    case "ParticipantRegistered":
      return [`${event.payload.id} joined as a ${event.payload.kind}`];
    case "ParticipantStatusSet":
      return [`${event.payload.id} is ${event.payload.status} (${event.payload.reason})`];
    case "MeterEpochAsked":
      return [`${event.payload.participant} says that ${event.payload.follows} counts anew`];
    case "MeterEpochConfirmed":
      return [`${event.payload.meter} stands in the place of ${event.payload.follows}`];
    case "DeviceReplacementAsked":
      return [`${event.payload.participant} is to get another device`];
    case "DeviceReplaced":
      return [`${event.payload.participant} has another device now`];
    case "CoinsIssued": {
      const { account, amountNano } = event.payload;
      return [`${formatCoins(BigInt(amountNano))} coins were issued to ${account}`];
    }
    case "CashFunded": {
      const { resident, amountMicro, currency } = event.payload;
      return [`${resident} paid in ${formatCash(BigInt(amountMicro), currency)}`];
    }
    case "CashToCoins": {
      const { seller, buyer, cashMicro, currency, amountNano } = event.payload;
      const coins = formatCoins(BigInt(amountNano));
      return [
        `${buyer} bought ${coins} coins from ${seller} for ${formatCash(BigInt(cashMicro), currency)}`,
      ];
    }
    case "EvidenceAccepted": {
      const { participant, role, importWh, exportWh, end } = event.payload;
      const place = role === "connection" ? "" : " at its generator";
      return [
        `${participant} proved ${importWh} Wh in, ${exportWh} Wh out${place} to ${clock(end)}`,
      ];
    }
    case "OrderPlaced": {
      const { participant, order, slot } = event.payload;
      const energyWh = order.steps.reduce((sum, step) => sum + step.energyWh, 0);
      const limit = order.steps[0]?.limitMicroPerKwh ?? 0;
      const [verb, bound] = order.side === "sell" ? ["offers", "or more"] : ["asks for", "or less"];
      return [
        `${participant} ${verb} ${energyWh} Wh at ${price(limit)} ${bound}, slot ${clock(slot)}`,
      ];
    }
    case "SlotSealed":
      return [`slot ${clock(event.payload.slot)} is closed for orders`];
    case "SlotCleared":
      return clearedSentences(event.payload);
    case "SlotSettled":
      return settledSentences(event.payload);
    case "PlacementJudged": {
      const { meter, judgement, state } = event.payload;
      return [`the aggregator calls the wiring of ${meter} ${judgement.verdict}; it is ${state}`];
    }
    case "WiringReported": {
      const { participant, meter, report, state } = event.payload;
      return [`${participant} reports the wiring of ${meter} as ${report.verdict}; it is ${state}`];
    }
    case "HeldResolved":
      return resolvedSentences(event.payload);
    case "CorrectionAsked":
      return [`the operator asks for correction ${event.payload.id}`];
    case "CorrectionConfirmed":
      return [`the community confirms correction ${event.payload.id}`];
  }
}

type Payload<N extends LedgerEvent["name"]> = Extract<LedgerEvent, { name: N }>["payload"];

function clearedSentences({ slot, trades }: Payload<"SlotCleared">): string[] {
  if (trades.length === 0) return [`slot ${clock(slot)} found no match`];
  return trades.map(
    ({ seller, buyer, energyWh, priceMicroPerKwh }) =>
      `${seller} and ${buyer} agreed on ${energyWh} Wh at ${price(priceMicroPerKwh)}, slot ${clock(slot)}`,
  );
}

function resolvedSentences({ participant, sales }: Payload<"HeldResolved">): string[] {
  return sales.map(({ slot, outcome, payments }) => {
    const coins = formatCoins(payments.reduce((sum, { paidNano }) => sum + BigInt(paidNano), 0n));
    const where = outcome === "proven" ? `go to ${participant}` : "go back to who paid them";
    return `${coins} coins held of ${participant} ${where} (${outcome}), slot ${clock(slot)}`;
  });
}

function settledSentences({ slot, trades, held = [] }: Payload<"SlotSettled">): string[] {
  const sold = trades
    .filter(({ deliveredWh }) => deliveredWh > 0)
    .map(
      ({ seller, buyer, deliveredWh, kind, priceMicroPerKwh }) =>
        `${seller} sold ${deliveredWh} Wh${kind === "surplus" ? " of surplus" : ""} to ${buyer} at ${price(priceMicroPerKwh)}, slot ${clock(slot)} settled`,
    );
  const waiting = held.map(
    ({ participant }) => `${participant} is paid once the wiring is proven, slot ${clock(slot)}`,
  );
  return sold.length > 0
    ? [...sold, ...waiting]
    : [`slot ${clock(slot)} settled without a trade`, ...waiting];
}

function clock(instant: string): string {
  return instant.slice(11, 19);
}

/** Coins per kWh, to a thousandth; for reading only. */
function price(microPerKwh: number): string {
  return `${(microPerKwh / 1e6).toFixed(3)} coins/kWh`;
}
