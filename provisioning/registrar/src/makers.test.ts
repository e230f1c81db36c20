import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Maker, simulatedMaker } from "node-tpm2/testing";
import { afterAll, describe, expect, it } from "vitest";
import { checkMaker, loadMakers } from "./makers.js";
import { makersOf } from "./testing/desk.js";

const at = new Date("2026-06-01T12:00:00Z");
const past = { from: new Date("2019-01-01"), to: new Date("2026-01-01") };
const future = { from: new Date("2027-01-01") };
const newKey = () =>
  generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({
    type: "spki",
    format: "der",
  });
const spki = newKey();
const root = simulatedMaker("Maker root");
const between = root.intermediate("Maker CA 1");
const purposes = (oid: string) => {
  const id = Buffer.from(oid, "hex");
  const inner = Buffer.concat([Buffer.of(0x06, id.length), id]);
  const value = Buffer.concat([Buffer.of(0x30, inner.length), inner]);
  return { oidHex: "551d25", value, critical: false };
};
/** CAs below each other, each with these options. */
function chain(length: number, from: Maker): Maker[] {
  const made: Maker[] = [];
  for (let index = 0; index < length; index++) {
    made.push((made.at(-1) ?? from).intermediate(`CA ${index}`));
  }
  return made;
}

describe("a chip's certificate is taken", () => {
  it("by a root itself, and by a CA between", () => {
    expect(checkMaker(root.certify(spki), spki, makersOf([root]), at)).toBe("CN=Maker root");
    const makers = makersOf([simulatedMaker("another"), root], [between]);
    expect(checkMaker(between.certify(spki), spki, makers, at)).toBe("CN=Maker root");
  });

  it("under four CAs, and where the root allows just these", () => {
    const strict = simulatedMaker("strict", { pathLength: 4 });
    const cas = chain(4, strict);
    const der = cas.at(-1)?.certify(spki);
    expect(checkMaker(der, spki, makersOf([strict], cas), at)).toBe("CN=strict");
  });

  it("with the purpose of endorsement keys, and without any", () => {
    const der = root.certify(spki, { extensions: [purposes("6781050801")] });
    expect(checkMaker(der, spki, makersOf([root]), at)).toBe("CN=Maker root");
  });

  it("for ever, where it says so as RFC 5280 does", () => {
    const der = root.certify(spki, { to: new Date("9999-12-31T23:59:59Z") });
    expect(checkMaker(der, spki, makersOf([root]), at)).toBe("CN=Maker root");
  });
});

const selfMade = simulatedMaker("Maker root");
const noCa = root.intermediate("no CA", { ca: false });
const expiredCa = root.intermediate("expired CA", past);
const shortRoot = simulatedMaker("short", { pathLength: 0 });
const belowShort = shortRoot.intermediate("below short");
const old = simulatedMaker("old", past);
const strange = { oidHex: "2a030405", value: Buffer.of(5, 0), critical: true };
const five = chain(5, root);
type Case = readonly [string, RegExp, Uint8Array | undefined, ReturnType<typeof makersOf>];
const all = makersOf([root, shortRoot], [between, expiredCa, belowShort, ...five]);
const cases: readonly Case[] = [
  ["none", /has no certificate/, undefined, all],
  ["for another key", /another key/, root.certify(newKey()), all],
  ["expired", /holds from/, root.certify(spki, past), all],
  ["not yet valid", /holds from/, root.certify(spki, future), all],
  ["of a self-made maker by the root's name", /no trusted maker/, selfMade.certify(spki), all],
  ["self-signed", /another key/, selfMade.certificate, all],
  ["by a maker who is not on the list", /no trusted maker/, simulatedMaker("X").certify(spki), all],
  [
    "by a CA between that is not there",
    /no trusted maker/,
    between.certify(spki),
    makersOf([root]),
  ],
  [
    "by another chip's certificate",
    /may not issue|no trusted maker/,
    noCa.certify(spki),
    { ...all, between: makersOf([noCa]).roots },
  ],
  ["by an expired CA", /holds from/, expiredCa.certify(spki), all],
  ["by a CA that the root does not allow", /allows 0 CAs/, belowShort.certify(spki), all],
  ["under five CAs", /no trusted maker/, five.at(-1)?.certify(spki), all],
  ["under an expired root", /holds from/, old.certify(spki), makersOf([old])],
  ["that is a CA's", /that of a CA/, root.certify(spki, { ca: true }), all],
  [
    "for web servers",
    /not for endorsement/,
    root.certify(spki, { extensions: [purposes("2b06010505070301")] }),
    all,
  ],
  [
    "with a critical extension that nobody knows",
    /critical extension 1.2.3.4.5/,
    root.certify(spki, { extensions: [strange] }),
    all,
  ],
  ["that is noise", /cannot be read/, randomBytes(300), all],
  [
    "with something behind it",
    /cannot be read/,
    Buffer.concat([root.certify(spki), Buffer.of(0)]),
    all,
  ],
];

describe("a chip's certificate is refused", () => {
  it.each(cases)("%s", (_name, message, der, makers) => {
    const check = () => checkMaker(der, spki, makers, at);
    expect(check).toThrow(expect.objectContaining({ code: "enrolment.maker" }));
    expect(check).toThrow(message);
  });
});

describe("the folder of makers", () => {
  const folder = mkdtempSync(join(tmpdir(), "makers-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("holds PEM, several in a file, and DER; what certifies itself is a root", () => {
    const other = simulatedMaker("Other root");
    writeFileSync(join(folder, "a.pem"), root.certificatePem + between.certificatePem);
    writeFileSync(join(folder, "b.der"), other.certificate);
    writeFileSync(join(folder, "README"), "roots as of today");
    const makers = loadMakers(folder);
    expect([makers.roots.length, makers.between.length]).toEqual([2, 1]);
    expect(checkMaker(between.certify(spki), spki, makers, at)).toBe("CN=Maker root");
  });

  it.each([
    ["noise", randomBytes(50)],
    ["a chip's certificate", root.certify(spki)],
  ])("with %s in it is a wrong configuration", (_what, bytes) => {
    writeFileSync(join(folder, "c.der"), bytes);
    expect(() => loadMakers(folder)).toThrow(expect.objectContaining({ code: "config.invalid" }));
    rmSync(join(folder, "c.der"));
  });

  it("that is not there is one too", () => {
    expect(() => loadMakers(join(folder, "none"))).toThrow(/cannot read/);
  });
});
