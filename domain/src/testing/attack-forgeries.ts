import { concatBytes, fromHex, toHex } from "../evidence/bytes.js";
import type { EvidenceFile } from "../evidence/evidence-file.js";
import { statementHash } from "../evidence/hashes.js";
import type { Interval } from "../evidence/types.js";
import { between, hexChanged, pick, type Random } from "./attack-edits.js";
import { type AttackScene, withCheckpoint } from "./attack-scene.js";
import { testKey, testPublicArea } from "./test-household.js";

const order = fromHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

/** r ‖ s that no signer makes. */
export function malformedSignature(valid: string, random: Random): string {
  const zero = "00".repeat(32);
  const n = toHex(order);
  const [r, s] = [valid.slice(0, 64), valid.slice(64)];
  return pick(
    [
      zero + s,
      r + zero,
      n + s,
      r + n,
      "ff".repeat(64),
      s + r,
      zero + zero,
      hexChanged(valid, random),
    ],
    random,
  );
}

/** The same signature with `s` in the other half of the range: as valid as the first. */
export function otherHalf(signature: string): string {
  const n = BigInt(`0x${toHex(order)}`);
  const s = n - BigInt(`0x${signature.slice(64)}`);
  return signature.slice(0, 64) + s.toString(16).padStart(64, "0");
}

export function forgedAttest(scene: AttackScene, random: Random): EvidenceFile {
  const { device, foreignDevice } = scene;
  return withCheckpoint(scene, random, (one) => {
    const hash = statementHash(one.statement, device.crypto.sha256);
    const attest = fromHex(one.attest);
    const signed = (bytes: Uint8Array) => ({
      ...one,
      attest: toHex(bytes),
      signature: toHex(device.attestation.sign(bytes)),
    });
    return pick(
      [
        () => device.checkpoint(one.statement, 400n, { magic: between(0, 0xff544346, random) }),
        () =>
          device.checkpoint(one.statement, 400n, { type: pick([0x8017, 0x8018, 0x8019], random) }),
        () => device.checkpoint(one.statement, 400n, { safe: between(2, 255, random) }),
        () => signed(concatBytes(attest, Uint8Array.of(between(0, 255, random)))),
        () => signed(attest.slice(0, between(0, attest.length - 1, random))),
        () => ({ ...one, signature: toHex(device.reading.sign(attest)) }),
        () => ({ ...one, signature: toHex(foreignDevice.attestation.sign(attest)) }),
        () => {
          const other = hash.with(between(0, 31, random), between(0, 255, random));
          const same = toHex(other) === toHex(hash);
          const { attest: bytes } = device.certifyCounter(same ? new Uint8Array(32) : other, 400n);
          return signed(bytes);
        },
        () => device.checkpoint(one.statement, 400n, { counterName: hash.slice(0, 34) }),
      ],
      random,
    )();
  });
}

/** Keys that another program, or a household, could make: each lacks something, or has something more. */
export function wrongKey({ node, device, good }: AttackScene, random: Random): unknown {
  const reading = random() < 0.5;
  const right = reading ? 0x00040472 : 0x00050472;
  const flippedBit = right ^ (1 << pick([1, 4, 5, 16, 17, 18], random));
  const key = pick(
    [device[reading ? "reading" : "attestation"], testKey(node, String(random()))],
    random,
  );
  const area = testPublicArea(key.spki, flippedBit);
  const { attest, signature } = device.certify(reading ? device.nameOf(area) : undefined);
  const certification = { attest: toHex(attest), signature: toHex(signature) };
  const member = reading ? { readingKey: toHex(area) } : { attestationKey: toHex(area) };
  const counterName =
    random() < 0.2 ? hexChanged(good.device.counterName, random) : good.device.counterName;
  return { ...good, device: { ...good.device, ...member, certification, counterName } };
}

export const changedRegisters = (random: Random) => (interval: Interval) => {
  const by = between(1, 100_000, random);
  const register = pick(["importWh", "exportWh"] as const, random);
  return pick(
    [
      { [register]: interval[register] + by },
      { last: { ...interval.last, [register]: interval.last[register] + by } },
      { first: { ...interval.first, [register]: interval.first[register] + by } },
      {
        [register]: interval[register] + by,
        first: { ...interval.first, [register]: Math.max(0, interval.first[register] - by) },
      },
    ],
    random,
  );
};

export function changedEvents(
  { good, device, foreignDevice }: AttackScene,
  random: Random,
): unknown {
  const index = between(0, good.events.length - 1, random);
  const change = (details: Record<string, string | number>, event?: string) => ({
    ...good,
    events: good.events.map((one, i) =>
      i === index ? { event: { ...one.event, details, ...(event ? { event } : {}) } } : one,
    ),
  });
  const { details, event } = good.events[index]?.event ?? { details: {}, event: "" };
  const forged = foreignDevice.quote(device.crypto.sha256(new Uint8Array(0)), new Uint8Array(32));
  return pick(
    [
      () => change({ ...details, stepMs: between(0, 10_000, random) }),
      () => change(details, pick(["clock-stop", "software-changed", "meter-epoch-opened"], random)),
      () =>
        change({ ...details, signature: toHex(forged.signature), attest: toHex(forged.attest) }),
      () => change({ ...details, bundle: hexChanged("ab".repeat(32), random) }, event),
      () => ({ ...good, events: [] }),
    ],
    random,
  )();
}
