import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { codeOf } from "@powershare/domain/errors";
import type {
  DeviceReplacement,
  LedgerEpoch,
  NewDevice,
  Registration,
  StatusReason,
  TransactionArgs,
  TransactionName,
} from "@powershare/domain/ledger";
import { connectLedger, type LedgerClient, softwareSigner } from "@powershare/ledger-client";
import type { Config } from "./config.js";

/** What the registrar writes on the ledger, as the operator. Each may be repeated without effect. */
export interface OperatorLedger {
  register(registration: Registration): Promise<void>;
  setStatus(
    participant: string,
    status: "active" | "suspended",
    reason: StatusReason,
  ): Promise<void>;
  /** The replacement that was last asked for. */
  replacement(participant: string): Promise<DeviceReplacement | undefined>;
  /** Asks in the place of a household whose old key is lost; its utility has to confirm. */
  askReplacement(participant: string, device: NewDevice): Promise<void>;
  /** Confirms what the household asked for. */
  confirmReplacement(participant: string, device: NewDevice): Promise<void>;
  /** New epochs of meters, asked for and confirmed. */
  meterEpochs(): Promise<readonly LedgerEpoch[]>;
  confirmMeterEpoch(
    epoch: Pick<LedgerEpoch, "participant" | "meter" | "closing" | "opening">,
  ): Promise<void>;
  close(): Promise<void>;
}

/** How long a peer that is away, or a conflict, is waited for. */
const withinMs = 15_000;
const pauseMs = 500;

/** The operator's client over the Fabric gateway; connects with its first call. */
export function fabricLedger(config: NonNullable<Config["ledger"]>): OperatorLedger {
  let client: LedgerClient | undefined;
  const connected = (): LedgerClient => {
    client ??= connectLedger({
      endpoint: config.endpoint,
      tlsHostname: config.tlsHostname,
      tlsRootCertificatePem: readFileSync(config.tlsRootCertificate, "utf8"),
      mspId: config.mspId,
      certificatePem: readFileSync(config.certificate, "utf8"),
      sign: softwareSigner(readFileSync(config.key, "utf8")),
      channel: config.channel,
      chaincode: config.chaincode,
    });
    return client;
  };
  const transact = async <N extends TransactionName>(name: N, args: TransactionArgs<N>) => {
    const giveUpAt = performance.now() + withinMs;
    for (;;) {
      try {
        await connected().transact(name, args);
        return;
      } catch (error) {
        const code = codeOf(error);
        const passing = code === "ledger.unavailable" || code === "ledger.commit-unknown";
        if (!passing || performance.now() > giveUpAt) throw error;
      }
      await delay(pauseMs);
    }
  };
  return {
    register: (registration) => transact("participants:RegisterParticipant", { registration }),
    setStatus: (participant, status, reason) =>
      transact("participants:SetStatus", { participant, status, reason }),
    replacement: async (participant) =>
      (await connected().read("participants:ReadDeviceReplacement", { participant })) ?? undefined,
    askReplacement: (participant, device) =>
      transact("participants:AskDeviceReplacement", { participant, device }),
    confirmReplacement: (participant, device) =>
      transact("participants:ConfirmDeviceReplacement", { participant, device }),
    meterEpochs: async () => await connected().read("metering:ListMeterEpochs", {}),
    confirmMeterEpoch: ({ participant, meter, closing, opening }) =>
      transact("metering:ConfirmMeterEpoch", { participant, meter, closing, opening }),
    close: async () => await client?.close(),
  };
}
