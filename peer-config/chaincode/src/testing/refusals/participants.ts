import { operator, TestResident, utility } from "../neighbourhood.js";
import { ReplacedDevice } from "../replaced-device.js";
import { type Case, json, register } from "./calls.js";

export const participantCases: Case[] = [
  [
    "participants.exists",
    "the same id with other data",
    () => register({ ...utility, retailMicroPerKwh: 300_000 }),
  ],
  [
    "participants.taken",
    "a meter of a neighbour",
    ({ h1 }) => {
      const registration = new TestResident("h3").registration();
      return register({ ...registration, meters: h1.registration().meters });
    },
  ],
  [
    "participants.taken",
    "a device of a neighbour",
    ({ h1 }) => {
      const { meters, id } = new TestResident("h3").registration();
      return register({ ...h1.registration(), id, meters });
    },
  ],
  [
    "participants.replacement",
    "a device that nobody asked for",
    ({ h1 }) => ({
      by: operator,
      name: "participants:ConfirmDeviceReplacement",
      args: [h1.id, json(new ReplacedDevice(h1, "another TPM").device)],
    }),
  ],
  [
    "participants.unknown",
    "a resident of no utility",
    () => register({ ...new TestResident("h3").registration(), utility: "bank" }),
  ],
  [
    "participants.unknown",
    "reading a participant who is not there",
    () => ({ by: operator, name: "participants:ReadParticipant", args: ["nobody"] }),
  ],
  [
    "evidence.certification",
    "a reading key that another TPM vouches for",
    ({ h1 }) => {
      const h3 = new TestResident("h3").registration();
      return register({ ...h3, certification: h1.registration().certification });
    },
  ],
  [
    "evidence.key",
    "a reading key in place of the attestation key",
    () => {
      const h3 = new TestResident("h3").registration();
      return register({ ...h3, attestationKey: h3.readingKey });
    },
  ],
  [
    "evidence.counter-name",
    "an NV index that is no counter of a device",
    () =>
      register({ ...new TestResident("h3").registration(), counterName: `000b${"7".repeat(64)}` }),
  ],
  [
    "evidence.attestation",
    "a cut certification",
    ({ h1 }) => {
      const { device } = h1.household;
      const attest = device.certify().attest.slice(0, 20);
      const signature = device.attestation.sign(attest);
      return register({
        ...h1.registration(),
        id: "h3",
        device: "77".repeat(32),
        meters: new TestResident("h3").registration().meters,
        certification: { attest: hex(attest), signature: hex(signature) },
      });
    },
  ],
];
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
