import { type TransactionName, transactions } from "@powershare/domain/ledger";
import { type Context, Contract } from "fabric-contract-api";
import { type Endorser, type Handler, run } from "./call.js";
import { clearSlot, sealSlot } from "./clearing.js";
import { askCorrection, confirmCorrection, listCorrections } from "./corrections.js";
import {
  askDeviceReplacement,
  confirmDeviceReplacement,
  readDeviceReplacement,
} from "./devices.js";
import { readSlot } from "./market.js";
import { askMeterEpoch, confirmMeterEpoch, listMeterEpochs } from "./meter-epochs.js";
import { readEvidence, readMeter, submitEvidence } from "./metering.js";
import { placeOrder } from "./orders.js";
import {
  listParticipants,
  readParticipant,
  readSettings,
  registerParticipant,
  setSettings,
  setStatus,
} from "./participants.js";
import { judgePlacement, readPlacements, reportWiring } from "./placements.js";
import { readHeld, releaseHeld } from "./release.js";
import { settleSlot } from "./settlement.js";
import {
  audit,
  cashFundingResident,
  cashToCoins,
  issueCoins,
  listWallets,
  readWallet,
} from "./wallets.js";

const handlers: { readonly [N in TransactionName]: Handler<N> } = {
  "participants:SetSettings": setSettings,
  "participants:ReadSettings": readSettings,
  "participants:RegisterParticipant": registerParticipant,
  "participants:SetStatus": setStatus,
  "participants:AskDeviceReplacement": askDeviceReplacement,
  "participants:ConfirmDeviceReplacement": confirmDeviceReplacement,
  "participants:ReadDeviceReplacement": readDeviceReplacement,
  "participants:ReadParticipant": readParticipant,
  "participants:ListParticipants": listParticipants,
  "wallets:IssueCoins": issueCoins,
  "wallets:CashFundingResident": cashFundingResident,
  "wallets:CashToCoins": cashToCoins,
  "wallets:ReadWallet": readWallet,
  "wallets:ListWallets": listWallets,
  "wallets:ReleaseHeld": releaseHeld,
  "wallets:ReadHeld": readHeld,
  "wallets:AskCorrection": askCorrection,
  "wallets:ConfirmCorrection": confirmCorrection,
  "wallets:ListCorrections": listCorrections,
  "wallets:Audit": audit,
  "metering:SubmitEvidence": submitEvidence,
  "metering:AskMeterEpoch": askMeterEpoch,
  "metering:ConfirmMeterEpoch": confirmMeterEpoch,
  "metering:ListMeterEpochs": listMeterEpochs,
  "metering:JudgePlacement": judgePlacement,
  "metering:ReportWiring": reportWiring,
  "metering:ReadPlacements": readPlacements,
  "metering:ReadMeter": readMeter,
  "metering:ReadEvidence": readEvidence,
  "market:PlaceOrder": placeOrder,
  "market:Seal": sealSlot,
  "market:Clear": clearSlot,
  "market:Settle": settleSlot,
  "market:ReadSlot": readSlot,
};

const contractNames = ["participants", "wallets", "metering", "market"] as const;

/**
 * The contract classes for fabric-shim. Their methods are made from the table of transactions: every public
 * method of a contract can be called by anyone, and so none exists that does not go through `run`.
 */
export function contractClasses(endorser: Endorser): (new () => Contract)[] {
  return contractNames.map((contractName) => {
    const contract = class extends Contract {
      constructor() {
        super(contractName);
      }
    };
    for (const name of Object.keys(transactions).filter(isTransactionName)) {
      const [owner, method] = name.split(":");
      if (owner === contractName && method !== undefined) {
        define(contract.prototype, method, endorser, name);
      }
    }
    return contract;
  });
}

function define<N extends TransactionName>(
  prototype: Contract,
  method: string,
  endorser: Endorser,
  name: N,
): void {
  // Rest arguments, or fabric-contract-api would count and compile schemas for them on every call.
  const value = (context: Context, ...texts: string[]) =>
    run(endorser, name, handlers[name], context, texts);
  Object.defineProperty(prototype, method, { value, enumerable: false });
}

function isTransactionName(name: string): name is TransactionName {
  return Object.hasOwn(transactions, name);
}
