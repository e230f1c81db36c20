import * as crypto from "node:crypto";
import type { RenewalRequest } from "@powershare/domain/enrolment";
import { toHex } from "@powershare/domain/evidence";
import { testKey } from "@powershare/domain/testing";
import type { Family } from "./attacks.js";
import type { Scene } from "./scene.js";
import type { SoftDevice } from "./soft-device.js";

const family = (name: string, codes: Family["codes"], prepare: Family["prepare"]): Family => ({
  name,
  codes,
  prepare,
});
const softwareKey = ({ dice }: Scene) => testKey(crypto, `attacker ${dice.below(1e9)}`);

/** Certificate requests that are not the one of this key in this name. */
async function wrongCsr(scene: Scene, device: SoftDevice, participant: string): Promise<string> {
  const right = await device.csr(participant);
  const body = Buffer.from(right.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const pem = (bytes: Buffer) =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE REQUEST-----\n`;
  const forms: readonly (() => Promise<string> | string)[] = [
    () => device.csr(participant, softwareKey(scene)),
    () => device.csr("h2"),
    () => device.csr(`${participant},O=EvilCorp`),
    () => {
      const at = scene.dice.below(body.length);
      const bit = 1 << scene.dice.below(8);
      return pem(Buffer.from(body.map((byte, index) => (index === at ? byte ^ bit : byte))));
    },
    () => pem(body.subarray(0, scene.dice.below(body.length))),
    () => `${right}${right}`,
    () => right.replaceAll("CERTIFICATE REQUEST", "CERTIFICATE"),
  ];
  return await scene.dice.pick(forms)();
}

/** Attacks after a request was queued: on tokens, secrets, certificate requests, approvals and renewals. */
export const laterFamilies: readonly Family[] = [
  family("token of another enrolment, or guessed", ["enrolment.token"], async (scene) => {
    const [mine, other] = [await scene.waiting(), await scene.waiting()];
    const { registrar } = scene.desk;
    const guess = Buffer.from(
      toHex(new Uint8Array(32).map(() => scene.dice.below(256))),
      "hex",
    ).toString("base64url");
    const token = scene.dice.pick([mine.ticket.token, scene.victims.ticket.token, guess, ""]);
    return async () => registrar.authorised(other.ticket.id, token);
  }),
  family(
    "certificate before approval, or after refusal",
    ["enrolment.not-approved", "enrolment.closed"],
    async (scene) => {
      const { device, ticket } = await scene.waiting();
      const { desk, dice } = scene;
      if (dice.below(2) === 0) desk.registrar.decline(ticket.id, "unknown", "ana");
      const csrPem = await device.csr("h1");
      return () => desk.registrar.certify(ticket.id, { secret: scene.victims.secret, csrPem });
    },
  ),
  family("secret of another enrolment, or guessed", ["enrolment.secret"], async (scene) => {
    const { device, participant, ticket, secret } = await scene.approved();
    const csrPem = await device.csr(participant);
    const wrong = [scene.victims.secret, "", `${secret}x`, secret.slice(1), secret.toUpperCase()];
    return () =>
      scene.desk.registrar.certify(ticket.id, { secret: scene.dice.pick(wrong), csrPem });
  }),
  family("certificate request swapped", ["enrolment.csr"], async (scene) => {
    const { device, participant, ticket, secret } = await scene.approved();
    const csrPem = await wrongCsr(scene, device, participant);
    return () => scene.desk.registrar.certify(ticket.id, { secret, csrPem });
  }),
  family("secret and token used again for another key", ["enrolment.csr"], async (scene) => {
    const { desk, victims } = scene;
    const csrPem = await scene.victim.csr("h1", softwareKey(scene));
    return () => desk.registrar.certify(victims.ticket.id, { secret: victims.secret, csrPem });
  }),
  family("approval with another code", ["enrolment.code"], async (scene) => {
    const { ticket } = await scene.waiting();
    const code = scene.dice.pick([
      scene.victims.ticket.code,
      "0000-0000",
      "",
      ticket.code.slice(1),
    ]);
    return () => scene.desk.approve({ ...ticket, code }, "p-new");
  }),
  family("approval for a participant who has a device", ["enrolment.enrolled"], async (scene) => {
    const { ticket } = await scene.waiting();
    return () => scene.desk.approve(ticket, "h1");
  }),
  family(
    "replacement without the household",
    ["enrolment.consent-missing", "enrolment.request"],
    async (scene) => {
      const { ticket } = await scene.waiting({ replaces: "h1" });
      return () => scene.desk.approve(ticket, scene.dice.pick(["h1", "h2"]));
    },
  ),
  family("approval of what is over", ["enrolment.closed"], async (scene) => {
    const { device, ticket } = await scene.waiting();
    const { registrar } = scene.desk;
    if (scene.dice.below(2) === 0) registrar.decline(ticket.id, "no", "ana");
    else await registrar.submit(device.request());
    return () => scene.desk.approve(ticket, "p-new");
  }),
  family(
    "renewal by a challenge used, made up or of another device",
    ["enrolment.renewal"],
    async (scene) => {
      const { desk, dice, victim } = scene;
      const used = challengeFor(scene);
      await renewal(scene, used).catch(() => undefined);
      const challenge = dice.pick([used, toHex(victim.keys.crypto.sha256(Buffer.from(used)))]);
      const other = dice.below(2) === 0 ? desk.device(`bystander ${dice.below(4)}`) : undefined;
      return () => renewal(scene, challenge, other === undefined ? {} : { device: other.keys.id });
    },
  ),
  family(
    "renewal with an attestation of before, or by another key",
    ["enrolment.attestation"],
    async (scene) => {
      const { dice, victim } = scene;
      const before = victim.certify(Buffer.from(challengeFor(scene), "hex"));
      const challenge = challengeFor(scene);
      const others = scene.newDevice().certify(Buffer.from(challenge, "hex"));
      const request = victim.request().certification;
      const certification = dice.pick([
        before,
        others,
        request,
        { ...before, signature: others.signature },
      ]);
      return () => renewal(scene, challenge, { certification });
    },
  ),
  family("renewal for another key", ["enrolment.csr"], async (scene) => {
    const csrPem = await wrongCsr(scene, scene.victim, "p9");
    return () => renewal(scene, challengeFor(scene), { csrPem });
  }),
];

const victimDevice = ({ desk, victims }: Scene) => desk.registrar.require(victims.ticket.id).device;
const challengeFor = (scene: Scene) =>
  scene.desk.registrar.challenge(victimDevice(scene)).challenge;

/** A renewal of the victim's, right but for these changes. */
async function renewal(scene: Scene, challenge: string, changes: Partial<RenewalRequest> = {}) {
  const { desk, victim } = scene;
  return await desk.registrar.renew({
    v: 1,
    device: victimDevice(scene),
    challenge,
    certification: victim.certify(Buffer.from(challenge, "hex")),
    csrPem: await victim.csr("h1"),
    ...changes,
  });
}
