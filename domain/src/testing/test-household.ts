import { concatBytes, fromHex, toHex, utf8 } from "../evidence/bytes.js";
import { intervalHash, packageBytes, statementHash, zeroHash } from "../evidence/hashes.js";
import { cryptoFrom, type NodeCrypto, pem } from "../evidence/node-crypto.js";
import { deviceCounterName, p256SpkiPrefix } from "../evidence/tpm-structures.js";
import type {
  Checkpoint,
  Crypto,
  EvidencePackage,
  Interval,
  MeterRole,
  RegisterValues,
  Statement,
} from "../evidence/types.js";
import type { RegisteredDevice } from "../evidence/verify-package.js";

/** The functions of `node:crypto` that make software keys. */
export interface SigningCrypto extends NodeCrypto {
  createECDH(curve: string): {
    setPrivateKey(key: Uint8Array): void;
    getPublicKey(): Uint8Array;
  };
  sign(
    algorithm: string,
    message: Uint8Array,
    key: { key: string; dsaEncoding: "ieee-p1363" },
  ): Uint8Array;
}

/** Object attributes of the two keys (TPM 2.0 Part 2, 8.3). */
export const testAttributes = { attestation: 0x00050472, reading: 0x00040472 } as const;

export interface TestKey {
  /** SEC 1 private key, PEM. */
  readonly privateKeyPem: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** r ‖ s over SHA-256 of the message. */
  sign(message: Uint8Array): Uint8Array;
}

/** A P-256 key whose private scalar is the SHA-256 of a label: the same in every run. */
export function testKey(node: SigningCrypto, label: string): TestKey {
  const scalar = cryptoFrom(node).sha256(utf8(label));
  const ecdh = node.createECDH("prime256v1");
  ecdh.setPrivateKey(scalar);
  const sec1 = concatBytes(fromHex("30310201010420"), scalar, fromHex("a00a06082a8648ce3d030107"));
  const privateKeyPem = pem("EC PRIVATE KEY", sec1);
  return {
    privateKeyPem,
    spki: concatBytes(p256SpkiPrefix, ecdh.getPublicKey().subarray(1)),
    sign: (message) =>
      new Uint8Array(
        node.sign("sha256", message, { key: privateKeyPem, dsaEncoding: "ieee-p1363" }),
      ),
  };
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff);
}
function u32(value: number): Uint8Array {
  return concatBytes(u16(value >>> 16), u16(value & 0xffff));
}
function u64(value: bigint): Uint8Array {
  return concatBytes(u32(Number(value >> 32n)), u32(Number(value & 0xffffffffn)));
}
function sized(bytes: Uint8Array): Uint8Array {
  return concatBytes(u16(bytes.length), bytes);
}

/** TPMT_PUBLIC of an ECDSA-SHA256 key on P-256 with these attributes. */
export function testPublicArea(spki: Uint8Array, attributes: number): Uint8Array {
  const point = spki.slice(p256SpkiPrefix.length);
  return concatBytes(
    u16(0x0023),
    u16(0x000b),
    u32(attributes),
    sized(new Uint8Array(0)),
    u16(0x0010),
    u16(0x0018),
    u16(0x000b),
    u16(0x0003),
    u16(0x0010),
    sized(point.slice(0, 32)),
    sized(point.slice(32)),
  );
}

/** What the test's TPM says beside the data; defaults are those of a TPM in order. */
export interface TestAttestation {
  readonly magic?: number;
  readonly type?: number;
  readonly clockMs?: bigint;
  readonly resetCount?: number;
  readonly restartCount?: number;
  readonly safe?: number;
  readonly attested: Uint8Array;
}

function attestBytes(extraData: Uint8Array, tpm: TestAttestation): Uint8Array {
  return concatBytes(
    u32(tpm.magic ?? 0xff544347),
    u16(tpm.type ?? 0x8014),
    sized(new Uint8Array(34).fill(0x51)),
    sized(extraData),
    u64(tpm.clockMs ?? 86_400_000n),
    u32(tpm.resetCount ?? 2),
    u32(tpm.restartCount ?? 0),
    Uint8Array.of(tpm.safe ?? 1),
    u64(0x2019102300163636n),
    tpm.attested,
  );
}

/** A device with software keys in place of a TPM's: what it signs looks exactly as from a TPM. */
export class TestDevice {
  readonly crypto: Crypto;
  readonly id: string;
  readonly attestation: TestKey;
  readonly reading: TestKey;
  readonly attestationKey: Uint8Array;
  readonly readingKey: Uint8Array;
  readonly counterName: Uint8Array;

  constructor(node: SigningCrypto, label: string) {
    this.crypto = cryptoFrom(node);
    this.attestation = testKey(node, `${label}: attestation key`);
    this.reading = testKey(node, `${label}: reading key`);
    this.attestationKey = testPublicArea(this.attestation.spki, testAttributes.attestation);
    this.readingKey = testPublicArea(this.reading.spki, testAttributes.reading);
    this.id = toHex(this.crypto.sha256(utf8(`${label}: endorsement key`)));
    this.counterName = deviceCounterName(this.crypto.sha256);
  }

  /** TPM name of a public area. */
  nameOf(area: Uint8Array): Uint8Array {
    return concatBytes(u16(0x000b), this.crypto.sha256(area));
  }

  /** TPM2_Certify of a key's name by the attestation key; by default of the reading key, over nothing. */
  certify(
    name: Uint8Array = this.nameOf(this.readingKey),
    qualifyingData: Uint8Array = new Uint8Array(0),
  ): { attest: Uint8Array; signature: Uint8Array } {
    const attested = concatBytes(sized(name), sized(new Uint8Array(34)));
    const attest = attestBytes(qualifyingData, { type: 0x8017, attested });
    return { attest, signature: this.attestation.sign(attest) };
  }

  /** TPM2_NV_Certify of the counter over a statement. */
  checkpoint(
    statement: Statement,
    counter: bigint,
    tpm: Partial<TestAttestation> & { readonly counterName?: Uint8Array } = {},
  ): Checkpoint {
    const hash = statementHash(statement, this.crypto.sha256);
    const { attest, signature } = this.certifyCounter(hash, counter, tpm);
    return { statement, attest: toHex(attest), signature: toHex(signature) };
  }

  /** TPM2_NV_Certify of the counter over any 32 bytes. */
  certifyCounter(
    qualifyingData: Uint8Array,
    counter: bigint,
    tpm: Partial<TestAttestation> & { readonly counterName?: Uint8Array } = {},
  ): { attest: Uint8Array; signature: Uint8Array } {
    const attested = concatBytes(
      sized(tpm.counterName ?? this.counterName),
      u16(0),
      sized(u64(counter)),
    );
    const attest = attestBytes(qualifyingData, { attested, ...tpm });
    return { attest, signature: this.attestation.sign(attest) };
  }

  /** TPM2_Quote of PCR 11 over any 32 bytes. @param pcr its value, 32 bytes */
  quote(
    qualifyingData: Uint8Array,
    pcr: Uint8Array,
  ): { attest: Uint8Array; signature: Uint8Array } {
    const selection = fromHex("00000001000b03000800");
    const attested = concatBytes(selection, sized(this.crypto.sha256(pcr)));
    const attest = attestBytes(qualifyingData, { type: 0x8018, attested });
    return { attest, signature: this.attestation.sign(attest) };
  }

  /** The package with the reading key's signature. */
  sign(unsigned: Omit<EvidencePackage, "signature">): EvidencePackage {
    return { ...unsigned, signature: toHex(this.reading.sign(packageBytes(unsigned))) };
  }
}

export interface TestMeter {
  readonly id: string;
  readonly role: MeterRole;
  readonly profile: string;
}
export interface TestHouseholdOptions {
  readonly participant: string;
  readonly meters?: readonly TestMeter[];
  readonly slotSeconds?: number;
  /** Start of the first interval of every meter. */
  readonly start?: string;
}

/** A household that meters without fault: gives interval after interval, and signed packages of them. */
export class TestHousehold {
  readonly device: TestDevice;
  readonly participant: string;
  readonly meters: readonly TestMeter[];
  readonly #slotSeconds: number;
  readonly #start: string;
  readonly #newest = new Map<string, Interval>();
  #statement: Statement | undefined;
  #counter = 255n;

  constructor(node: SigningCrypto, options: TestHouseholdOptions) {
    this.participant = options.participant;
    this.device = new TestDevice(node, options.participant);
    this.meters = options.meters ?? [
      { id: "eastron/sdm630:12345678", role: "connection", profile: "ab".repeat(32) },
    ];
    this.#slotSeconds = options.slotSeconds ?? 900;
    this.#start = options.start ?? "2026-06-01T12:00:00Z";
  }

  /** What `verifyPackage` needs to know of the device. */
  registered(): RegisteredDevice {
    return {
      participant: this.participant,
      device: this.device.id,
      attestationSpki: this.device.attestation.spki,
      readingSpki: this.device.reading.spki,
      counterName: this.device.counterName,
      meters: this.meters,
    };
  }

  /** The TPM's part of a registration, as hex. */
  registration(): {
    device: string;
    attestationKey: string;
    readingKey: string;
    certification: { attest: string; signature: string };
    counterName: string;
  } {
    const { attest, signature } = this.device.certify();
    return {
      device: this.device.id,
      attestationKey: toHex(this.device.attestationKey),
      readingKey: toHex(this.device.readingKey),
      certification: { attest: toHex(attest), signature: toHex(signature) },
      counterName: toHex(this.device.counterName),
    };
  }

  /** The next intervals of a meter, one slot each, with this energy. */
  intervals(meter: string, energies: readonly RegisterValues[]): Interval[] {
    return energies.map((energy) => {
      const next = this.#follow(meter, energy);
      this.#newest.set(meter, next);
      return next;
    });
  }

  /** The next statement: sealed now, naming the newest interval of each meter. */
  statement(): Statement {
    const newest = [...this.#newest.values()];
    const last = Math.max(1, ...newest.map(({ readings }) => readings.last));
    this.#statement = {
      v: 1,
      device: this.device.id,
      sequence: (this.#statement?.sequence ?? 0) + 1,
      previous:
        this.#statement === undefined
          ? zeroHash
          : toHex(statementHash(this.#statement, this.device.crypto.sha256)),
      at: newest.at(-1)?.end.replace("Z", ".400Z") ?? this.#start.replace("Z", ".000Z"),
      monotonicMs: 1000 * last,
      bootId: "5c3a0f6e-boot",
      clock: "synchronised",
      readings: { first: (this.#statement?.readings.last ?? 0) + 1, last },
      chainHead: "cd".repeat(32),
      merkleRoot: "ef".repeat(32),
      ...this.headsOf(newest),
    };
    return this.#statement;
  }

  /** The part of a statement that names the newest of these intervals for each meter. */
  headsOf(intervals: readonly Interval[]): Pick<Statement, "intervalHeads"> {
    const hash = (interval: Interval): string =>
      toHex(intervalHash(interval, this.device.crypto.sha256));
    return {
      intervalHeads: Object.fromEntries(intervals.map((one) => [one.meter, hash(one)])),
    };
  }

  /** The same intervals with `previous` made to fit, so that only other lies remain. */
  relink(intervals: readonly Interval[]): Interval[] {
    const linked: Interval[] = [];
    for (const interval of intervals) {
      const before = linked.at(-1);
      const previous =
        before === undefined
          ? interval.previous
          : toHex(intervalHash(before, this.device.crypto.sha256));
      linked.push({ ...interval, previous });
    }
    return linked;
  }

  /** The next checkpoint: the counter rises by one. */
  checkpoint(statement: Statement = this.statement()): Checkpoint {
    this.#counter += 1n;
    return this.device.checkpoint(statement, this.#counter);
  }

  /** A signed package of given intervals under a given or the next checkpoint. */
  seal(
    intervals: readonly Interval[],
    checkpoint: Checkpoint = this.checkpoint(),
  ): EvidencePackage {
    return this.device.sign({
      v: 1,
      participant: this.participant,
      meter: intervals[0]?.meter ?? "",
      intervals: [...intervals],
      checkpoint,
    });
  }

  /** A valid package of the next intervals of a meter, one slot each, with this energy. */
  evidence(meter: string, energies: readonly RegisterValues[]): EvidencePackage {
    return this.seal(this.intervals(meter, energies));
  }

  #follow(meter: string, energy: RegisterValues): Interval {
    const before = this.#newest.get(meter);
    const known = this.meters.find(({ id }) => id === meter);
    if (known === undefined) throw new RangeError(`${meter} is no meter of ${this.participant}`);
    const start = before?.end ?? this.#start;
    const first = before?.last ?? { importWh: 0, exportWh: 0 };
    const reading = before?.readings.last ?? 1;
    return {
      v: 1,
      participant: this.participant,
      meter,
      role: known.role,
      sequence: (before?.sequence ?? 0) + 1,
      previous:
        before === undefined ? zeroHash : toHex(intervalHash(before, this.device.crypto.sha256)),
      start,
      end: new Date(Date.parse(start) + this.#slotSeconds * 1000)
        .toISOString()
        .replace(".000Z", "Z"),
      importWh: energy.importWh,
      exportWh: energy.exportWh,
      first,
      last: {
        importWh: first.importWh + energy.importWh,
        exportWh: first.exportWh + energy.exportWh,
      },
      readings: { first: reading, last: reading + this.#slotSeconds },
      boundaryErrorMs: { start: 400, end: 400 },
      quality: "good",
      epoch: before?.epoch ?? 1,
      merkleRoot: "ef".repeat(32),
    };
  }
}
