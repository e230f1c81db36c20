import * as crypto from "node:crypto";
import { testKey } from "@powershare/domain/testing";
import type { TestIdentity } from "../ledger-stub.js";
import { identityOf, microgrid, operator, TestResident, utilityClient } from "../neighbourhood.js";
import { type Call, type Case, issue, onSlot, place } from "./calls.js";

export const accessCases: Case[] = [
  ...["role", "microgrid", "participant", "device"].map(
    (attribute): Case => [
      "access.attribute",
      `no attribute ${attribute}`,
      ({ h1 }) => {
        const { [attribute]: _, ...rest } = h1.attributes();
        return place(identityOf("CommunityMSP", rest, h1.privateKeyPem));
      },
    ],
  ),
  [
    "access.attribute",
    "a role that does not exist",
    ({ h1 }) => place(identityOf("CommunityMSP", { ...h1.attributes(), role: "king" })),
  ],
  [
    "access.organisation",
    "the community cannot certify an operator",
    () => issueBy(identityOf("CommunityMSP", { role: "operator", microgrid })),
  ],
  [
    "access.organisation",
    "the operator cannot certify a utility",
    () => onSlot("market:Seal", identityOf("OperatorMSP", utilityAttributes)),
  ],
  [
    "access.organisation",
    "the utility cannot certify a resident",
    ({ h1 }) => place(identityOf("UtilityMSP", h1.attributes(), h1.privateKeyPem)),
  ],
  ["access.role", "a resident issues coins", ({ h1 }) => issueBy(h1.identity)],
  ["access.role", "a utility places an order", () => place(utilityClient)],
  [
    "access.microgrid",
    "a certificate for the next street",
    ({ h1 }) =>
      place(
        identityOf("CommunityMSP", { ...h1.attributes(), microgrid: "other" }, h1.privateKeyPem),
      ),
  ],
  [
    "access.unregistered",
    "a resident nobody registered",
    () => place(new TestResident("h9").identity),
  ],
  [
    "access.unregistered",
    "a registered resident who claims to be a utility",
    () =>
      onSlot("market:Seal", identityOf("UtilityMSP", { ...utilityAttributes, participant: "h1" })),
  ],
  [
    "access.suspended",
    "a suspended resident",
    async ({ ledger, h1 }) => {
      await ledger.submit(operator, "participants:SetStatus", {
        participant: "h1",
        status: "suspended",
        reason: "key-compromised",
      });
      return place(h1.identity);
    },
  ],
  [
    "access.device",
    "a certificate for another device",
    ({ h1, h2 }) =>
      place(
        identityOf(
          "CommunityMSP",
          { ...h1.attributes(), device: h2.household.device.id },
          h1.privateKeyPem,
        ),
      ),
  ],
  [
    "access.key",
    "a certificate with all the right words and a software key",
    ({ h1 }) =>
      place(identityOf("CommunityMSP", h1.attributes(), testKey(crypto, "copied").privateKeyPem)),
  ],
];
const utilityAttributes = { role: "utility", microgrid, participant: "grid-co" };
const issueBy = (by: TestIdentity): Call => ({ ...issue("nonce-0001", "bank", "1"), by });
