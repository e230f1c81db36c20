import { type EnrolmentRequest, requestBinding } from "@powershare/domain/enrolment";
import type { ErrorCode } from "@powershare/domain/errors";
import { fromHex, toHex } from "@powershare/domain/evidence";
import { attestationKey, decodePublic, encodePublic, readingKey } from "node-tpm2";
import { type Maker, simulatedMaker } from "node-tpm2/testing";
import type { Scene } from "./scene.js";
import { areaOf, type SoftDevice } from "./soft-device.js";

/** One attack in many forms: each must be refused with one of these codes. */
export interface Family {
  readonly name: string;
  readonly codes: readonly ErrorCode[];
  /** Prepares the next form of it; the returned call is the attack itself. */
  readonly prepare: (scene: Scene) => Promise<() => Promise<unknown>>;
}

const family = (name: string, codes: Family["codes"], prepare: Family["prepare"]): Family => ({
  name,
  codes,
  prepare,
});
const submit =
  ({ desk }: Scene, request: EnrolmentRequest) =>
  () =>
    desk.registrar.submit(request);

function flip({ dice }: Scene, hex: string): string {
  const bytes = fromHex(hex);
  const at = dice.below(bytes.length);
  return toHex(bytes.map((byte, index) => (index === at ? byte ^ (1 << dice.below(8)) : byte)));
}

/** A request whose certification is made anew over what it now says. */
function certified(device: SoftDevice, request: EnrolmentRequest): EnrolmentRequest {
  const binding = requestBinding(request, device.keys.crypto.sha256);
  return { ...request, certification: device.certify(binding) };
}

/** Another value in one of the request's fields, or one field more or less. */
function changed(scene: Scene, request: EnrolmentRequest): EnrolmentRequest {
  const { dice } = scene;
  const [meter] = request.meters;
  const fields: readonly (() => Partial<EnrolmentRequest>)[] = [
    () => ({ nonce: flip(scene, request.nonce) }),
    () => ({
      meters: [
        {
          ...request.meters[0],
          id: `eastron/sdm630:${dice.below(1e9)}`,
          role: "connection",
          profile: meter?.profile ?? "",
        },
      ],
    }),
    () => ({ meters: [...request.meters, ...request.meters] }),
    () => ({ place: { ...request.place, fuseA: dice.below(1000) } }),
    () => ({ replaces: "h1" }),
    () => ({
      endorsementCertificate: toHex(scene.victim.certificate),
      endorsementPublic: toHex(scene.victim.endorsementPublic),
    }),
  ];
  return { ...request, ...dice.pick(fields)() };
}

const stranger = simulatedMaker("Simulated maker");
const past = { from: new Date("2019-01-01"), to: new Date("2026-01-01") };

/** Attacks with a request, before a person looks at it. */
export const requestFamilies: readonly Family[] = [
  family("body changed on the way", ["enrolment.attestation"], async (scene) =>
    submit(scene, changed(scene, scene.newDevice().request())),
  ),
  family("attestation key swapped", ["enrolment.attestation"], async (scene) => {
    const attestationPublic = toHex(scene.newDevice().keys.attestationKey);
    return submit(scene, { ...scene.newDevice().request(), attestationPublic });
  }),
  family(
    "attestation key swapped, and certified by the attacker's",
    ["enrolment.attestation"],
    async (scene) => {
      const attacker = scene.newDevice();
      const attestationPublic = toHex(attacker.keys.attestationKey);
      // The attacker's key signs, but names the reading key of its own TPM.
      return submit(
        scene,
        certified(attacker, { ...scene.newDevice().request(), attestationPublic }),
      );
    },
  ),
  family("reading key swapped", ["enrolment.attestation"], async (scene) => {
    const device = scene.newDevice();
    const readingPublic = toHex(scene.newDevice().keys.readingKey);
    return submit(scene, certified(device, { ...device.request(), readingPublic }));
  }),
  family("attestation forged", ["enrolment.attestation"], async (scene) => {
    const request = scene.newDevice().request();
    const { attest, signature } = request.certification;
    const forms = [
      { attest: flip(scene, attest), signature },
      { attest, signature: flip(scene, signature) },
      { attest: attest.slice(0, 2 * (1 + scene.dice.below(attest.length / 2 - 1))), signature },
      { attest: `${attest}00`, signature },
      { attest, signature: "0".repeat(128) },
      scene.victim.request().certification,
    ];
    return submit(scene, { ...request, certification: scene.dice.pick(forms) });
  }),
  family(
    "attestation over nothing, or over another request",
    ["enrolment.attestation"],
    async (scene) => {
      const device = scene.newDevice();
      const over = scene.dice.pick([0, 1, 31, 32]);
      const binding = new Uint8Array(over).map(() => scene.dice.below(256));
      return submit(scene, { ...device.request(), certification: device.certify(binding) });
    },
  ),
  family("keys of other attributes", ["enrolment.key"], async (scene) => {
    const device = scene.newDevice();
    const request = device.request();
    const key = scene.dice.pick([
      "attestationPublic",
      "readingPublic",
      "endorsementPublic",
    ] as const);
    const area = decodePublic(fromHex(request[key]));
    const attributes = (area.attributes ^ (1 << scene.dice.below(19))) >>> 0;
    return submit(
      scene,
      certified(device, { ...request, [key]: toHex(encodePublic({ ...area, attributes })) }),
    );
  }),
  family("attestation key that signs anything", ["enrolment.key"], async (scene) => {
    const device = scene.newDevice();
    const attestationPublic = toHex(areaOf(readingKey, device.keys.attestation));
    return submit(scene, certified(device, { ...device.request(), attestationPublic }));
  }),
  family("keys that are none", ["enrolment.key"], async (scene) => {
    const device = scene.newDevice();
    const request = device.request();
    const key = scene.dice.pick([
      "attestationPublic",
      "readingPublic",
      "endorsementPublic",
    ] as const);
    const forms = [
      request[key].slice(0, -2),
      `${request[key]}00`,
      toHex(areaOf(attestationKey, { spki: new Uint8Array(91).fill(1 + scene.dice.below(255)) })),
    ];
    return submit(scene, certified(device, { ...request, [key]: scene.dice.pick(forms) }));
  }),
  family("another counter", ["enrolment.counter"], async (scene) => {
    const device = scene.newDevice();
    const request = device.request();
    const counterName = flip(scene, request.counterName);
    return submit(scene, certified(device, { ...request, counterName }));
  }),
  family(
    "chip's certificate of another key, self-made, expired, changed or missing",
    ["enrolment.maker"],
    async (scene) => {
      const device = scene.newDevice();
      const request = device.request();
      const { spki } = device.endorsement;
      const forms: readonly ((maker: Maker) => Uint8Array | undefined)[] = [
        (maker) => maker.certify(scene.newDevice().endorsement.spki),
        () => stranger.certify(spki),
        (maker) => maker.certify(spki, past),
        (maker) => maker.certify(spki, { ca: true }),
        (maker) => fromHex(flip(scene, toHex(maker.certify(spki).slice(60)))),
        () => scene.victim.certificate,
        () => undefined,
      ];
      const made = scene.dice.pick(forms)(scene.desk.maker);
      const { endorsementCertificate: _own, ...rest } = request;
      return submit(
        scene,
        certified(
          device,
          made === undefined ? rest : { ...rest, endorsementCertificate: toHex(made) },
        ),
      );
    },
  ),
  family("request replayed", ["enrolment.replayed"], async (scene) => {
    const { request, ticket } = await scene.waiting();
    const { desk, dice } = scene;
    if (dice.below(3) === 0) desk.registrar.decline(ticket.id, "not now", "ana");
    return submit(scene, JSON.parse(JSON.stringify(request)) as EnrolmentRequest);
  }),
  family("enrolled device or key enrolled again", ["enrolment.enrolled"], async (scene) =>
    submit(scene, scene.victim.request(scene.dice.below(2) === 0 ? {} : { replaces: "h2" })),
  ),
];
